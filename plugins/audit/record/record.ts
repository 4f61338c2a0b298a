/** What a record is about. */
export type RecordKind =
  /** A call of a model that the tapes plugin recorded. */
  | "turn"
  /** What a program or person had entered. */
  | "log"
  /** A subject's key was destroyed. */
  | "erasure"
  /** Somebody read or exported the trail. */
  | "access"
  /** A legal hold was set or lifted. */
  | "hold"
  /** Old records were removed, under a new signed anchor. */
  | "retention"
  /** A key that signs checkpoints came or went. */
  | "key"
  /** Something was done to the agent. */
  | "admin";

/** Content that only its subject's key opens: AES-256-GCM, the record's writer and number as further data. */
export interface SealedContent {
  /** Id of the key, in `audit_keys`. */
  readonly key: string;
  /** 12 bytes, base64. */
  readonly iv: string;
  /** Ciphertext and 16 bytes of tag, base64. */
  readonly data: string;
}

/**
 * One record of the trail. Its bytes are its canonical JSON (RFC 8785), its hash SHA-256 of them, its leaf in the tree
 * SHA-256 of a zero byte and them (RFC 6962). Nothing in it but `content` is about a person.
 */
export interface AuditRecord {
  readonly v: 1;
  /** Who wrote it: one agent's file. `w-` and 16 hexadecimal digits. */
  readonly writer: string;
  /** 0, 1, 2 … without gaps. */
  readonly seq: number;
  /** When it was entered: RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly kind: RecordKind;
  readonly tenant: string;
  /** Keyed fingerprint of the user: HMAC-SHA-256, 32 hexadecimal digits. */
  readonly subject?: string;
  /** What is said in the clear: agent, model, outcome, status, policy … Texts and numbers, no content. */
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly content?: SealedContent;
  /** Hash of the record before, 64 hexadecimal digits; 64 zeros for the first. */
  readonly prev: string;
}

/** What `content` holds once opened: the event of the audit logger, and for a turn what the ledger has of it. */
export interface AuditContent {
  readonly user_id: string;
  readonly model: string;
  readonly prompt: string;
  readonly response: string;
  readonly request_id?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly timestamp_utc: string;
  /** Node of the last message asked. */
  readonly request_hash?: string;
  /** Nodes of the answers. */
  readonly answer_hashes?: readonly string[];
  /** Tool calls of the answers: names and arguments. */
  readonly tool_calls?: readonly { readonly name: string; readonly arguments: unknown }[];
}

/** `prev` of a writer's first record. */
export const NO_RECORD = "0".repeat(64);
