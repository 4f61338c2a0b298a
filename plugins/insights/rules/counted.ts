import type { Transaction } from "capstan";
import type { Place } from "./place.ts";

/** What is counted. */
export interface Counted {
  readonly tenant: string;
  /** The same twice counts once. */
  readonly subject: string;
  readonly timeMs: number;
  /** What rules read of it, where a later one of its subject takes its place. */
  readonly content?: string;
}

/**
 * Enters an event. `"first"`: none of its subject was there; `"other"`: it says something else than the one before, and
 * takes its place; `"known"`: it counts for nothing.
 */
export function count(
  tx: Transaction,
  { source, part }: Place,
  { tenant, subject, timeMs, content = null }: Omit<Counted, "content"> & { content?: string | null },
): "first" | "other" | "known" {
  const { changes } = tx.run(
    "INSERT OR IGNORE INTO insights_rule_counted (source, part, tenant, subject, at_ms, content) " +
      "VALUES (?, ?, ?, ?, ?, ?)",
    source,
    part,
    tenant,
    subject,
    timeMs,
    content,
  );
  if (changes > 0) return "first";
  if (content === null) return "known";
  // Of one subject all are of one time.
  const other = tx.run(
    "UPDATE insights_rule_counted SET content = ?5 WHERE source = ?1 AND part = ?2 AND tenant = ?3 AND subject = ?4 " +
      "AND content IS NOT ?5 AND at_ms = ?6",
    source,
    part,
    tenant,
    subject,
    content,
    timeMs,
  );
  return other.changes > 0 ? "other" : "known";
}

/** What is counted of a tenant from one time until another one, where a later one may take its place. */
export function countedBetween(
  tx: Transaction,
  { source, part }: Place,
  { tenant, fromMs, untilMs }: { tenant: string; fromMs: number; untilMs: number },
): { content: string; timeMs: number }[] {
  return tx.all<{ content: string; at_ms: number }>(
    "SELECT content, at_ms FROM insights_rule_counted INDEXED BY insights_rule_counted_at " +
      "WHERE source = ? AND part = ? AND at_ms >= ? AND at_ms < ? AND tenant = ? AND content IS NOT NULL",
    source,
    part,
    fromMs,
    untilMs,
    tenant,
  ).map(({ content, at_ms }) => ({ content, timeMs: at_ms }));
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
