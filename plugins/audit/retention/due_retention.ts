import { Buffer } from "node:buffer";
import type { Reader } from "capstan";
import { storedHashes } from "../checkpoints/make_checkpoint.ts";
import { readRecord } from "../verify/read_record.ts";
import type { RecordInput } from "../trail/record_input.ts";
import { NO_TENANT } from "../trail/turn_record.ts";
import { writerOf } from "../trail/writer.ts";
import { frontierOf } from "../tree/subtrees.ts";
import { type Anchor, anchorFacts } from "../verify/anchor.ts";
import { firstHeld } from "./holds.ts";

/** Records removed under one anchor: so many go in one transaction. */
const AT_ONCE = 10_000;

/** The source of retention records begins so; the number of the first kept record follows, with zeros in front. */
export const RETENTION_SOURCE = "retention:";

/** When records are removed. */
export interface RetentionTime {
  /** Milliseconds since 1970; records entered before are old. */
  readonly beforeMs: number;
}

/**
 * The record under which the next old ones are removed: a beginning of the trail, up to the first that is young or held,
 * or that is the last one. `undefined`: there are none, or others are about to be removed.
 */
export function dueRetention(db: Reader, { beforeMs }: RetentionTime): RecordInput | undefined {
  const oldest = oldestOf(db);
  if (oldest === undefined || announced(db) > oldest) return undefined;
  const end = Math.min(oldest + AT_ONCE, (writerOf(db)?.next ?? 0) - 1);
  const young = db.get<{ seq: number | null }>(
    "SELECT min(seq) AS seq FROM audit_records WHERE seq >= ? AND seq < ? AND time_ms >= ?",
    oldest,
    end,
    beforeMs,
  )?.seq;
  const first = Math.min(young ?? end, firstHeld(db, oldest, end) ?? end);
  if (first <= oldest) return undefined;
  const anchor = anchorAt(db, first);
  return {
    kind: "retention",
    tenant: NO_TENANT,
    facts: { ...anchorFacts(anchor), removed: first - oldest, before: new Date(beforeMs).toISOString() },
    source: `${RETENTION_SOURCE}${String(first).padStart(16, "0")}`,
  };
}

/** Number of the oldest record that is kept. */
export function oldestOf(db: Reader): number | undefined {
  return db.get<{ seq: number | null }>("SELECT min(seq) AS seq FROM audit_records")?.seq ?? undefined;
}

/** Up to and without which record removal was announced by a record; 0 where it was not. */
function announced(db: Reader): number {
  const row = db.get<{ source: string | null }>(
    "SELECT max(source) AS source FROM audit_records WHERE source >= ? AND source < ?",
    RETENTION_SOURCE,
    `${RETENTION_SOURCE}:`,
  );
  return Number(row?.source?.slice(RETENTION_SOURCE.length) ?? 0);
}

/** What stands for the records before `first`, which is there itself. */
export function anchorAt(db: Reader, first: number): Anchor {
  const row = db.get<{ record: Uint8Array }>("SELECT record FROM audit_records WHERE seq = ?", first);
  const read = row && readRecord(row.record);
  if (!read || !("record" in read)) {
    throw new Error(`Cannot remove old records: record ${first} can't be read; run capstan audit verify`);
  }
  const hashes = storedHashes(db);
  const subtrees = frontierOf(first).map((subtree) => Buffer.from(hashes(subtree)).toString("hex"));
  return { writer: read.record.writer, first, head: read.record.prev, subtrees };
}
