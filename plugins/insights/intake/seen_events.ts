import type { Transaction } from "capstan";

/** Tables of this part. */
export const SEEN_TABLES: readonly string[] = [
  `CREATE TABLE insights_seen (
    topic TEXT NOT NULL,
    tenant TEXT NOT NULL,
    event_id TEXT NOT NULL,
    seen_ms REAL NOT NULL,
    PRIMARY KEY (topic, tenant, event_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX insights_seen_ms ON insights_seen (seen_ms)`,
];

/** An event that was taken. */
export interface SeenEvent {
  topic: string;
  tenant: string;
  eventId: string;
  /** When it was taken, in milliseconds since 1970. */
  seenMs: number;
}

/** Enters an event. False: it was entered before. */
export function isNew(tx: Transaction, { topic, tenant, eventId, seenMs }: SeenEvent): boolean {
  return tx.run("INSERT OR IGNORE INTO insights_seen VALUES (?, ?, ?, ?)", topic, tenant, eventId, seenMs)
    .changes === 1;
}

/** Forgets events taken before a time in milliseconds since 1970, up to `limit` of them. */
export function forgetSeen(tx: Transaction, beforeMs: number, limit: number): void {
  tx.run(
    "DELETE FROM insights_seen WHERE (topic, tenant, event_id) IN " +
      "(SELECT topic, tenant, event_id FROM insights_seen WHERE seen_ms < ? ORDER BY seen_ms LIMIT ?)",
    beforeMs,
    limit,
  );
}
