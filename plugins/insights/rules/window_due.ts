import type { Reader } from "capstan";
import type { RowsOf } from "./place.ts";
import { closedUntil, type Rule } from "./rule.ts";

/** Whether a rule has a window to look at between two moments of event time, in milliseconds since 1970. */
export function isWindowDue(
  db: Reader,
  rule: Rule,
  { of, reachedMs, idleMs }: { of: RowsOf; reachedMs: number; idleMs: number },
): boolean {
  const [doneMs, untilMs] = [closedUntil(rule, reachedMs), closedUntil(rule, idleMs)];
  if (!(untilMs > doneMs)) return false;
  return db.get(
    "SELECT 1 FROM insights_open WHERE source = ?1 AND part = ?2 AND rule = ?3 UNION ALL " +
      "SELECT 1 FROM insights_rule_panes WHERE source = ?1 AND part = ?2 AND rule = ?3 " +
      "AND start_ms >= ?4 AND start_ms < ?5 LIMIT 1",
    ...of,
    doneMs + rule.slideMs - rule.windowMs,
    untilMs,
  ) !== undefined;
}
