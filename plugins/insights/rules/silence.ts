import type { Reader, Transaction } from "capstan";
import { type Finding, type InsightEvent, insightEvent, opened, resolved } from "./insight_event.ts";
import { close, keepOpen, openInsight } from "./open_insights.ts";
import type { RowsOf } from "./place.ts";
import type { Rule } from "./rule.ts";
import { type KnownSession, SessionRows } from "./session_rows.ts";

/** Who is silent for this long, in milliseconds, beyond what a rule says, is expected no more. */
export const GIVEN_UP_MS = 7 * 24 * 60 * 60 * 1000;

/** What is looked at. */
export interface SilenceOptions {
  rule: Rule;
  of: RowsOf;
  /** No event from before is taken any more; milliseconds since 1970. */
  knownMs: number;
  /** What events name as their source. */
  source: string;
}

/**
 * Says which groups were silent for too long, and which are no more. What it says and when it says it to be follows from
 * the events alone: it is the same whether a later event or the clock is why it is asked.
 */
export function silence(tx: Transaction, options: SilenceOptions): InsightEvent[] {
  const { rule, of, knownMs, source } = options;
  const rows = new SessionRows(tx, of);
  const begun = rows.ended(knownMs - rule.windowMs).map((known) => {
    const { key, session } = known;
    const finding = findingOf(rule, known, session.endMs + rule.windowMs);
    const said = opened(finding);
    keepOpen(tx, of, { key, said, newestMs: session.endMs });
    rows.say(key, session.startMs);
    return insightEvent({ state: "opened", tenant: key.tenant, atMs: finding.endMs, source, data: said });
  });
  // Each silence of a group by itself: a long look back may find several of them.
  const ended = rows.said().flatMap((known): InsightEvent[] => {
    const { key, session, nextMs = Infinity } = known;
    const atMs = Math.min(nextMs, session.endMs + rule.windowMs + GIVEN_UP_MS);
    if (atMs >= knownMs) return [];
    rows.forget(key, session.startMs);
    const first = opened(findingOf(rule, known, session.endMs + rule.windowMs));
    const data = resolved(first, findingOf(rule, known, atMs));
    // The group may be silent once more already.
    if (openInsight(tx, of, key)?.said.insight_id === data.insight_id) close(tx, of, key);
    return [insightEvent({ state: "resolved", tenant: key.tenant, atMs, source, data })];
  });
  return [...begun, ...ended].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}

function findingOf(rule: Rule, { key, session }: KnownSession, endMs: number): Finding {
  const startMs = session.endMs;
  const evidence = session.node === "" ? [] : [session.node];
  return {
    rule,
    key,
    value: (endMs - startMs) / 1000,
    baseline: undefined,
    samples: 0,
    startMs,
    endMs,
    evidence,
  };
}

/** Whether a rule would say something by the clock that no event has told it yet. */
export function isSilenceDue(db: Reader, of: RowsOf, { knownMs, afterMs }: {
  knownMs: number;
  afterMs: number;
}): boolean {
  const row = db.get<{ said: number }>(
    "SELECT said FROM insights_rule_sessions WHERE source = ? AND part = ? AND rule = ? AND said = 0 AND end_ms < ? " +
      "UNION ALL " +
      "SELECT said FROM insights_rule_sessions WHERE source = ? AND part = ? AND rule = ? AND said = 1 AND end_ms < ? " +
      "LIMIT 1",
    ...of,
    knownMs - afterMs,
    ...of,
    knownMs - afterMs - GIVEN_UP_MS,
  );
  return row !== undefined;
}
