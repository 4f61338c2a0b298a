/** What every setting says of itself. */
export interface Described {
  /** One sentence for help, JSON Schema and the README's table. */
  doc: string;
  /** Another full key that means the same, for files of systems Capstan replaces (`proxy.upstream`). */
  alias?: string;
  /** Long flag, without dashes. Default: the key with `.` and `_` as `-` behind the plugin's name. */
  flag?: string;
  /** One-letter flag. */
  short?: string;
  /** Further environment variables beside `CAPSTAN_…`, first wins. */
  env?: readonly string[];
}

/** Text. `secret` values come from `KEY_file` or the environment as well, and are never printed. */
export interface StringSetting extends Described {
  /** Marks the kind. */
  type: "string";
  /** Value where the key is absent. */
  default?: string;
  /** Never printed; also read from `KEY_file` and the environment. */
  secret?: boolean;
  /** The only values taken. */
  oneOf?: readonly string[];
  /** A regular expression the whole value must match. */
  pattern?: string;
  /** The pattern in words, to be read behind "it must be": `an address as "127.0.0.1:8081"`. */
  form?: string;
  /**
   * The text is the path of a file or folder, given to the plugin absolute. A relative one starts at the folder of the
   * configuration file that names it, a default at that of the configuration; from a flag, the environment or an alias at
   * the working directory. `~/` is home.
   */
  path?: boolean;
}

/** A whole number or any finite number. */
export interface NumberSetting extends Described {
  /** Marks the kind. */
  type: "integer" | "number";
  /** Value where the key is absent. */
  default?: number;
  /** Smallest value taken. */
  min?: number;
  /** Largest value taken. */
  max?: number;
}

/** Yes or no. */
export interface BooleanSetting extends Described {
  /** Marks the kind. */
  type: "boolean";
  /** Value where the key is absent. */
  default?: boolean;
}

/** Time: `"250ms"`, `"30s"`, `"5m"`, `"2h"`, `"7d"`; given to the plugin in milliseconds. Defaults are written alike. */
export interface DurationSetting extends Described {
  /** Marks the kind. */
  type: "duration";
  /** Value where the key is absent. */
  default?: string;
  /** Smallest value taken. */
  min?: string;
  /** Largest value taken. */
  max?: string;
  /** `"forever"` is taken too, whatever `max` says, and given as `Infinity`. */
  forever?: boolean;
}

/** Size: `"512"`, `"64KB"`, `"1MB"`, `"2GB"` (powers of 1,000) or `"64KiB"`, `"1MiB"` (of 1,024); given in bytes. */
export interface BytesSetting extends Described {
  /** Marks the kind. */
  type: "bytes";
  /** Value where the key is absent. */
  default?: string;
  /** Smallest value taken. */
  min?: string;
  /** Largest value taken. */
  max?: string;
}

/** A list of texts. A flag may be given several times or with commas. */
export interface ListSetting extends Described {
  /** Marks the kind. */
  type: "list";
  /** Items where the key is absent. Without a default: none. */
  default?: readonly string[];
}

/** A nested table with fixed keys. */
export interface TableSetting {
  /** Marks the kind. */
  type: "table";
  /** One sentence. */
  doc: string;
  /** Its keys. */
  fields: SettingsSchema;
}

/** A table of tables with names of the user's choice: `[plugins.tapes.providers.NAME]`. */
export interface NamedTablesSetting {
  /** Marks the kind. */
  type: "tables";
  /** One sentence. */
  doc: string;
  /** Keys of each table. */
  fields: SettingsSchema;
}

/**
 * A table of texts with names of the user's choice: `"cleanup.policy" = "compact"`. A dotted key without quotes means
 * the same name.
 */
export interface TextsSetting {
  /** Marks the kind. */
  type: "texts";
  /** One sentence. */
  doc: string;
}

/** One setting. */
export type Setting =
  | StringSetting
  | NumberSetting
  | BooleanSetting
  | DurationSetting
  | BytesSetting
  | ListSetting
  | TableSetting
  | NamedTablesSetting
  | TextsSetting;

/** The settings of a plugin, by key (`snake_case`, as in TOML). */
export type SettingsSchema = { readonly [key: string]: Setting };

/** What a setting gives its plugin. */
export type ValueOf<S extends Setting> = S extends { type: "string"; oneOf: readonly (infer O)[] } ? O
  : S extends { type: "string" } ? string
  : S extends { type: "boolean" } ? boolean
  : S extends { type: "list" } ? readonly string[]
  : S extends { type: "table"; fields: infer F extends SettingsSchema } ? SettingsOf<F>
  : S extends { type: "tables"; fields: infer F extends SettingsSchema }
    ? Readonly<Record<string, SettingsOf<F>>>
  : S extends { type: "texts" } ? Readonly<Record<string, string>>
  : number;

/** Whether a setting always has a value. */
export type Always<S extends Setting> = S extends { type: "table" | "tables" | "texts" | "list" } ? true
  : S extends { default: string | number | boolean } ? true
  : false;

/** The values a plugin is given: keys without a default may be `undefined`; lists and tables are always there. */
export type SettingsOf<C extends SettingsSchema> =
  & { readonly [K in keyof C as Always<C[K]> extends true ? K : never]: ValueOf<C[K]> }
  & { readonly [K in keyof C as Always<C[K]> extends true ? never : K]?: ValueOf<C[K]> };
