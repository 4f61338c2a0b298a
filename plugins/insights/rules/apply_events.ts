import type { Transaction } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import { forgetCounted, isFirst } from "./counted.ts";
import { evaluate } from "./evaluate.ts";
import { Gathered } from "./gathered.ts";
import type { InsightEvent } from "./insight_event.ts";
import { endOrphans } from "./orphans.ts";
import { type Place, rowsOf } from "./place.ts";
import { type Progress, readProgress, silenceKnownUntil, writeProgress } from "./progress.ts";
import { closedUntil, keyOf, paneOf, type Rule } from "./rule.ts";
import { type Sample, samplesOf, subjectOf } from "./sample.ts";
import { silence } from "./silence.ts";

/** Events this far beyond the clock are a wrong clock's: they would end every window before its time. */
export const MOST_AHEAD_MS = 60 * 60 * 1000;

/** An event as rules read it. */
export interface RuleEvent {
  readonly tenant: string;
  readonly timeMs: number;
  /** The same twice counts once. */
  readonly subject: string;
  readonly samples: readonly { rule: Rule; samples: readonly Sample[] }[];
}

/**
 * What rules read of an event; `undefined`: nothing. Events that no rule reads are not what the time goes by, either:
 * spans of turns may be far ahead of those of tools. Needs no transaction.
 */
export function ruleEvent(rules: readonly Rule[], event: Envelope): RuleEvent | undefined {
  const subject = subjectOf(event);
  if (subject === undefined) return undefined;
  const samples = rules.map((rule) => ({ rule, samples: samplesOf(rule, event) }))
    .filter(({ samples }) => samples.length > 0);
  return { tenant: event.tenant_id, timeMs: Date.parse(event.timestamp), subject, samples };
}

/** What events are applied with. */
export interface ApplyOptions {
  place: Place;
  /** The rules that read the place's topic. */
  rules: readonly Rule[];
  /** Milliseconds since 1970. */
  nowMs: number;
  /** What insights name as their source. */
  source: string;
}

/**
 * Adds events to the panes they are in, and looks at the windows that they have completed. What comes of it follows from
 * the events alone, whatever batches they come in and, as long as none is late, in whichever order.
 */
export function applyEvents(
  tx: Transaction,
  events: readonly RuleEvent[],
  options: ApplyOptions,
): InsightEvent[] {
  const { place, rules, nowMs, source } = options;
  const progress = readProgress(tx, place);
  const doneMs = progress.seenMs;
  const ended = endOrphans(tx, { place, progress, rules, source });
  const gathered = new Gathered(tx, place);
  for (const event of events) {
    if (event.timeMs > nowMs + MOST_AHEAD_MS) {
      progress.ahead++;
      continue;
    }
    progress.seenMs = Math.max(progress.seenMs ?? -Infinity, event.timeMs);
    const inTime = event.samples.filter(({ rule }) => !isLate(rule, event.timeMs, progress));
    if (inTime.length < event.samples.length) progress.late++;
    if (inTime.length === 0 || !isFirst(tx, place, event)) continue;
    for (const { rule, samples } of inTime) {
      for (const sample of samples) gathered.add(rule, event, sample);
    }
  }
  gathered.write();
  const { seenMs } = progress;
  const found = seenMs === null ? [] : rules.flatMap((rule) => {
    const of = rowsOf(place, rule);
    if (rule.kind === "silence") {
      return silence(tx, { rule, of, source, knownMs: silenceKnownUntil(progress, rule.latenessMs) });
    }
    const untilMs = closedUntil(rule, seenMs);
    const before = doneMs === null ? -Infinity : closedUntil(rule, doneMs);
    return untilMs > before ? evaluate(tx, { rule, of, source, doneMs: before, untilMs }) : [];
  });
  if (seenMs !== null) forgetCounted(tx, place, seenMs - Math.max(0, ...rules.map(longestOpen)));
  writeProgress(tx, place, { ...progress, rules: rules.map(keyOf) });
  return [...ended, ...found];
}

/** Whether a rule has closed the time that an event is of. */
function isLate(rule: Rule, timeMs: number, progress: Progress): boolean {
  if (rule.kind === "silence") return timeMs < silenceKnownUntil(progress, rule.latenessMs);
  return paneOf(rule, timeMs) + rule.slideMs <= closedUntil(rule, progress.seenMs ?? timeMs);
}

/** How long after an event the same would still be counted. */
function longestOpen({ kind, slideMs, latenessMs }: Rule): number {
  return latenessMs + (kind === "silence" ? 0 : slideMs);
}

/** What the clock tells of some partitions: insights about silence. */
export function applyClock(
  tx: Transaction,
  options: Omit<ApplyOptions, "nowMs"> & { clockMs: number },
): InsightEvent[] {
  const { place, rules, clockMs, source } = options;
  const progress = readProgress(tx, place);
  if (progress.seenMs === null) return [];
  progress.clockMs = Math.max(progress.clockMs ?? -Infinity, clockMs);
  writeProgress(tx, place, progress);
  return rules.filter(({ kind }) => kind === "silence").flatMap((rule) =>
    silence(tx, {
      rule,
      of: rowsOf(place, rule),
      source,
      knownMs: silenceKnownUntil(progress, rule.latenessMs),
    })
  );
}
