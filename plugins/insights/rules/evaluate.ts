import type { Transaction } from "capstan";
import type { Evidence } from "./evidence.ts";
import { type Finding, type InsightEvent, insightEvent, opened, resolved, updated } from "./insight_event.ts";
import { baselineOf, type Before, breaches, isNews, type Judged, valueOf } from "./judge.ts";
import { close, keepOpen, type OpenInsight, openInsights } from "./open_insights.ts";
import { PaneRows } from "./pane_rows.ts";
import { emptyPane, type Pane } from "./pane.ts";
import { type GroupKey, type RowsOf, textOf } from "./place.ts";
import type { Rule } from "./rule.ts";

/** Which windows are looked at. */
export interface EvaluateOptions {
  rule: Rule;
  of: RowsOf;
  /** Ends of windows up to here were looked at before; milliseconds since 1970, or `-Infinity`. */
  doneMs: number;
  /** Ends of windows up to here are looked at now. */
  untilMs: number;
  /** What events name as their source. */
  source: string;
}

/** Looks at the windows that are complete, oldest first, and gives what is to be said of them. */
export function evaluate(tx: Transaction, options: EvaluateOptions): InsightEvent[] {
  const { rule, of, doneMs, untilMs } = options;
  const { windowMs, slideMs, baselineMs = 0 } = rule;
  const panes = new PaneRows(tx, of);
  const open = new Map(openInsights(tx, of).map((each) => [textOf(each.key), each]));
  const events: InsightEvent[] = [];
  for (let endMs = doneMs + slideMs;; endMs += slideMs) {
    // Where nothing is open, windows without anything in them are passed over.
    if (open.size === 0) {
      const next = panes.firstFrom(endMs - windowMs);
      if (next === undefined) break;
      endMs = Math.max(endMs, next + slideMs);
    }
    if (endMs > untilMs) break;
    events.push(...lookAt(tx, { ...options, panes, open, endMs }));
  }
  panes.forgetBefore(untilMs + slideMs - windowMs - baselineMs);
  return events;
}

interface Look extends EvaluateOptions {
  panes: PaneRows;
  /** By `textOf`; kept as it is in the table. */
  open: Map<string, OpenInsight>;
  endMs: number;
}

function lookAt(tx: Transaction, look: Look): InsightEvent[] {
  const { rule, panes, open, endMs } = look;
  const startMs = endMs - rule.windowMs;
  const enough = panes.sums(startMs, endMs, rule.minSamples);
  const before = rule.baselineMs !== undefined && enough.length > 0
    ? panes.before(startMs - rule.baselineMs, startMs)
    : new Map<string, Before>();
  const groups = new Map(enough.map((group) => [textOf(group.key), group]));
  for (const [text, { key }] of open) {
    if (!groups.has(text)) groups.set(text, { key, pane: emptyPane() });
  }
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1).flatMap(([text, { key, pane: sums }]) => {
    const insight = open.get(text);
    const baseline = baselineOf(rule, before.get(text));
    // Most groups are well, which their figures tell; a latency can only be too long where one answer was.
    const isOpen = insight !== undefined;
    const maybe = rule.kind === "latency" ? sums.bad > 0 : breaches(rule, judgedOf(rule, sums, baseline));
    if (!isOpen && !maybe) return [];
    const pane = panes.whole(startsOf(rule, startMs), key);
    const judged = judgedOf(rule, pane, baseline);
    const finding = { rule, key, ...judged, startMs, endMs, evidence: hashesOf(pane) };
    if (breaches(rule, judged)) return goesOn(tx, look, { finding, insight, evidence: pane.evidence });
    if (!isOpen) return [];
    open.delete(text);
    close(tx, look.of, key);
    return [eventOf(look, "resolved", key, resolved(insight.said, finding))];
  });
}

function judgedOf(rule: Rule, pane: Pane, baseline: number | undefined): Judged {
  return { value: valueOf(rule, pane), samples: pane.samples, baseline };
}

/** Where the panes of a window begin. */
function startsOf({ windowMs, slideMs }: Rule, startMs: number): number[] {
  return Array.from({ length: windowMs / slideMs }, (_, n) => startMs + n * slideMs);
}

function goesOn(tx: Transaction, look: Look, { finding, insight, evidence }: {
  finding: Finding;
  insight: OpenInsight | undefined;
  evidence: readonly Evidence[];
}): InsightEvent[] {
  const { key, value } = finding;
  const newEvidence = evidence.filter(([timeMs]) => timeMs > (insight?.newestMs ?? -Infinity)).length;
  if (insight && !isNews(look.rule, { said: insight.said.value, value, newEvidence })) return [];
  const said = insight === undefined ? opened(finding) : updated(insight.said, finding);
  const newestMs = Math.max(insight?.newestMs ?? Number.MIN_SAFE_INTEGER, ...evidence.map(([ms]) => ms));
  const now = { key, said, newestMs };
  look.open.set(textOf(key), now);
  keepOpen(tx, look.of, now);
  return [eventOf(look, insight === undefined ? "opened" : "updated", key, said)];
}

function eventOf(
  { endMs, source }: Look,
  state: "opened" | "updated" | "resolved",
  { tenant }: GroupKey,
  data: InsightEvent["data"],
): InsightEvent {
  return insightEvent({ state, tenant, atMs: endMs, source, data });
}

function hashesOf({ evidence }: Pane): string[] {
  return evidence.map(([, hash]) => hash);
}
