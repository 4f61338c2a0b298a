import type { Reader } from "capstan";
import { readJson } from "capstan/json";
import type { AuditContent, AuditRecord } from "../record/record.ts";
import { recordHash } from "../record/encode_record.ts";
import type { Keyring } from "../seal/keyring.ts";
import { openContent } from "../seal/seal_content.ts";
import type { Selection } from "./selection.ts";

/** Records read at once. */
const CHUNK = 200;

/** A record, and what its content says where its key is there. */
export interface OpenedRecord {
  readonly record: AuditRecord;
  readonly bytes: Uint8Array;
  /** SHA-256 of its bytes, 64 hexadecimal digits. */
  readonly hash: string;
  /** `null`: it has none, its key was destroyed, or it is to stay sealed. */
  readonly content: AuditContent | null;
  /** Its content can't be opened any more, for its subject was erased. */
  readonly erased: boolean;
}

/** How records are read. */
export interface OpenOptions {
  read<T>(work: (db: Reader) => T): T;
  /** Absent: contents stay sealed. */
  readonly keyring?: Keyring;
  readonly selection: Pick<Selection, "where" | "params">;
  /** Newest first. Default: oldest first. */
  readonly newestFirst?: boolean;
}

/** Records of a selection, some hundred in memory at once. What is entered meanwhile is left out. */
export function* openedRecords(
  { read, keyring, selection, newestFirst }: OpenOptions,
): Generator<OpenedRecord> {
  const { where, params } = selection;
  const end = read((db) =>
    db.get<{ seq: number | null }>("SELECT max(seq) AS seq FROM audit_records")?.seq ?? -1
  );
  const [after, order] = newestFirst ? ["seq <", "DESC"] : ["seq >", "ASC"];
  for (let at = newestFirst ? end + 1 : -1;;) {
    const from = at;
    const found = read((db) =>
      db.all<{ record: Uint8Array }>(
        `SELECT record FROM audit_records WHERE ${after} ? AND seq <= ? AND ${where} ORDER BY seq ${order} LIMIT ${CHUNK}`,
        from,
        end,
        ...params,
      ).map(({ record }) => openRecord(db, record, keyring))
    );
    yield* found;
    at = found.at(-1)?.record.seq ?? -1;
    if (found.length < CHUNK) return;
  }
}

/** A record, opened where its key is there. */
export function openRecord(db: Reader, bytes: Uint8Array, keyring: Keyring | undefined): OpenedRecord {
  const record = readJson(new TextDecoder().decode(bytes)) as AuditRecord;
  const content = keyring ? openContent(db, keyring, record) : null;
  const erased = record.facts.erased === true ||
    (record.content !== undefined && isDestroyed(db, record.content.key));
  return { record, bytes, hash: recordHash(bytes), content, erased };
}

function isDestroyed(db: Reader, key: string): boolean {
  return db.get("SELECT 1 FROM audit_keys WHERE id = ? AND wrapped IS NOT NULL", key) === undefined;
}
