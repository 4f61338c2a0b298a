import type { Transaction } from "capstan";
import type { Place } from "./place.ts";

/** Whether this is the first event of its subject, as far as it is known; from now on it is known. */
export function isFirst(
  tx: Transaction,
  { source, part }: Place,
  { tenant, subject, timeMs }: { tenant: string; subject: string; timeMs: number },
): boolean {
  const { changes } = tx.run(
    "INSERT OR IGNORE INTO insights_rule_counted VALUES (?, ?, ?, ?, ?)",
    source,
    part,
    tenant,
    subject,
    timeMs,
  );
  return changes > 0;
}

/** Forgets the events from before a time: who sends them again is late. */
export function forgetCounted(tx: Transaction, { source, part }: Place, beforeMs: number): void {
  tx.run(
    "DELETE FROM insights_rule_counted WHERE source = ? AND part = ? AND at_ms < ?",
    source,
    part,
    beforeMs,
  );
}
