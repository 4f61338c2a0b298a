import type { AuditContent, AuditRecord, RecordKind } from "../record/record.ts";

/** What a record is made of. */
export interface RecordInput {
  readonly kind: RecordKind;
  readonly tenant: string;
  /** Whose content it is; without one the content is under the tenant's key for whoever is not named. */
  readonly user?: string;
  readonly facts: AuditRecord["facts"];
  readonly content?: AuditContent;
  /** For look-ups. */
  readonly requestId?: string;
  /** What it is made of: a second input with the same makes no record. */
  readonly source?: string;
  /** When it came in, in milliseconds since 1970: what came before its subject was erased has no content. */
  readonly takenMs?: number;
}

/** A record in the trail. */
export interface AppendedRecord {
  readonly seq: number;
  /** SHA-256 of its bytes, 64 hexadecimal digits. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}
