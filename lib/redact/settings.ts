/** What becomes of what is found: replaced by its rule's name, by that and a keyed hash, or by nothing. */
export type Action = "mask" | "hash" | "drop";

/** `[redact]` of the configuration, as far as the rules go. */
export interface RuleSettings {
  /** By the names of built-in rules; default of each: mask. */
  readonly actions: Readonly<Record<string, Action | "off" | undefined>>;
  /** ISO 3166: `DE`. */
  readonly phone_country?: string;
  /** By name. */
  readonly patterns: Readonly<Record<string, { readonly pattern?: string; readonly action: Action }>>;
}

/** `[redact]` of the configuration. */
export interface RedactSettings extends RuleSettings {
  /** Whether anything is looked for. */
  readonly enabled: boolean;
  /** 32 bytes as base64 or 64 hexadecimal digits; default: those of `redact.key` beside the data. */
  readonly key?: string;
}

/** What is made of the key, one for each use. */
export interface DerivedKeys {
  /** For hashes of what was found. */
  readonly hash: Uint8Array;
  /** For what is kept as it was; absent where nothing may be opened. */
  readonly seal?: Uint8Array;
}

/** All that another thread needs to do the same; structured clone. */
export interface RedactionData {
  /** Whether anything is looked for. */
  readonly on: boolean;
  /** As configured. */
  readonly rules: RuleSettings;
  /** Keys of 32 bytes; absent where there are none (yet). */
  readonly keys?: DerivedKeys;
  /** Where the key is, for messages. */
  readonly keyPlace: string;
}
