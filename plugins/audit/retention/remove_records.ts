import type { Reader, Transaction } from "capstan";
import { RETENTION_SOURCE } from "./due_retention.ts";
import { firstHeld } from "./holds.ts";

/**
 * Removes the records that a retention record under a signed checkpoint stands for, unless a hold has come over them
 * since; gives how many. Their hashes in the tree stay: later roots are made of them.
 */
export function removeRecords(tx: Transaction): number {
  const first = coveredFirst(tx);
  if (first === undefined || firstHeld(tx, 0, first) !== undefined) return 0;
  forgetTurns(tx, first);
  return tx.run("DELETE FROM audit_records WHERE seq < ?", first).changes;
}

/** Records of turns come in about the ledger's order; among so many of the last ones is the newest. */
const LAST = 1_000;

/** Turns whose records go do not count as turns without one. */
function forgetTurns(tx: Transaction, first: number): void {
  if (!tx.get("SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'tapes_turns_v1'")) return;
  const newest = tx.get<{ id: number | null }>(
    `SELECT max(t.id) AS id FROM (
       SELECT request_id FROM audit_records WHERE seq < ? AND kind = 'turn' ORDER BY seq DESC LIMIT ${LAST}
     ) r JOIN tapes_turns_v1 t ON t.call_id = r.request_id`,
    first,
  )?.id ?? 0;
  tx.run("UPDATE audit_writer SET turns_from = max(coalesce(turns_from, 0), ?)", newest);
}

/** Up to and without which record a checkpoint stands for the removal. */
export function coveredFirst(db: Reader): number | undefined {
  const row = db.get<{ source: string | null }>(
    `SELECT max(source) AS source FROM audit_records
     WHERE source >= ? AND source < ? AND seq < (SELECT max(size) FROM audit_checkpoints)`,
    RETENTION_SOURCE,
    `${RETENTION_SOURCE}:`,
  );
  return row?.source ? Number(row.source.slice(RETENTION_SOURCE.length)) : undefined;
}
