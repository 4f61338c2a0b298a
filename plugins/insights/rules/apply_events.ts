import type { Transaction } from "capstan";
import type { Envelope } from "../events/envelope.ts";
import {
  addClockFact,
  type ClockFact,
  clockFacts,
  type ClockTold,
  forgetClockFacts,
  later,
} from "./clock_facts.ts";
import { count, type Counted, forgetCounted } from "./counted.ts";
import { evaluate } from "./evaluate.ts";
import { Gathered } from "./gathered.ts";
import type { InsightEvent } from "./insight_event.ts";
import { endOrphans } from "./orphans.ts";
import { type Place, rowsOf } from "./place.ts";
import { type Progress, reachedMs, readProgress, silenceKnownUntil, writeProgress } from "./progress.ts";
import { recount } from "./recount.ts";
import { closedUntil, keyOf, paneOf, type Rule } from "./rule.ts";
import { contentOf, type Sample, samplesOf, subjectOf } from "./sample.ts";
import { silence } from "./silence.ts";

/** Events this far beyond the clock are a wrong clock's: they would end every window before its time. */
export const MOST_AHEAD_MS = 60 * 60 * 1000;

/** An event as rules read it. */
export interface RuleEvent extends Counted {
  readonly samples: readonly { rule: Rule; samples: readonly Sample[] }[];
}

/** A record of the place's topic; `event` is absent where rules read nothing of it. */
export interface RuleRecord {
  readonly offset: number;
  readonly event?: RuleEvent;
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
  const content = samples.length === 0 ? undefined : contentOf(event);
  return { tenant: event.tenant_id, timeMs: Date.parse(event.timestamp), subject, content, samples };
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

/** What came of it. */
export interface Applied {
  readonly insights: readonly InsightEvent[];
  /** What other agents must know to come to the same. */
  readonly facts: readonly ClockFact[];
}

/**
 * Adds events to the panes they are in, and looks at the windows that they have completed. What comes of it follows from
 * the events and what is known of the clock, whatever batches they come in and, as long as none is late, in whichever
 * order.
 */
export function applyEvents(
  tx: Transaction,
  records: readonly RuleRecord[],
  options: ApplyOptions,
): Applied {
  const { place, rules, source } = options;
  const progress = readProgress(tx, place);
  const insights = endOrphans(tx, { place, progress, rules, source });
  const facts: ClockFact[] = [];
  const last = records.at(-1)?.offset ?? -1;
  const next = progress.nextOffset ?? 0;
  // There are some where what was handled before is handled again. What the clock told right before, which the rows
  // have already, changes nothing once more.
  const known = clockFacts(tx, place, { from: next, to: last + 1 });
  const ahead = new Set(known.filter((fact) => fact.ahead).map(({ atOffset }) => atOffset));
  const work = { ...options, progress, ahead, facts };
  let from = 0;
  for (const fact of known) {
    if (fact.clockMs === null && fact.idleMs === null) continue;
    const before = records.findIndex(({ offset }) => offset >= fact.atOffset);
    const to = before === -1 ? records.length : before;
    insights.push(...addEvents(tx, records.slice(from, to), work), ...tell(tx, fact, work));
    from = to;
  }
  insights.push(...addEvents(tx, records.slice(from), work));
  writeProgress(tx, place, { ...progress, nextOffset: Math.max(next, last + 1), rules: rules.map(keyOf) });
  return { insights, facts };
}

interface Work extends ApplyOptions {
  /** Changed as the work goes on. */
  progress: Progress;
  /** Offsets of records that were left out when they came. */
  ahead: ReadonlySet<number>;
  facts: ClockFact[];
}

function addEvents(tx: Transaction, records: readonly RuleRecord[], work: Work): InsightEvent[] {
  const { place, nowMs, progress, ahead, facts } = work;
  const doneMs = reachedMs(progress);
  const gathered = new Gathered(tx, place);
  for (const { offset, event } of records) {
    if (event === undefined) continue;
    if (ahead.has(offset) || event.timeMs > nowMs + MOST_AHEAD_MS) {
      progress.ahead++;
      const left = { atOffset: offset, clockMs: null, idleMs: null, ahead: true, toldMs: nowMs };
      const fact = addClockFact(tx, place, left);
      if (fact !== undefined) facts.push(fact);
      continue;
    }
    progress.seenMs = later(progress.seenMs, event.timeMs);
    const inTime = event.samples.filter(({ rule }) => !isLate(rule, event.timeMs, progress));
    if (inTime.length < event.samples.length) progress.late++;
    if (inTime.length === 0) continue;
    const counted = count(tx, place, event);
    if (counted === "other") gathered.write();
    for (const { rule, samples } of inTime) {
      if (counted === "other") recount(tx, place, { rule, tenant: event.tenant, timeMs: event.timeMs });
      if (counted === "first") samples.forEach((sample) => gathered.add(rule, event, sample));
    }
  }
  if (facts.length > 0) forgetClockFacts(tx, place, nowMs);
  gathered.write();
  return progress.seenMs === null ? [] : look(tx, doneMs, work);
}

/** Looks at the windows that are complete and were not before, and at who is silent. */
function look(
  tx: Transaction,
  doneMs: number,
  { place, rules, source, progress }: Pick<Work, "place" | "rules" | "source" | "progress">,
): InsightEvent[] {
  const now = reachedMs(progress);
  forgetCounted(tx, place, now - Math.max(0, ...rules.map(longestOpen)));
  return rules.flatMap((rule) => {
    const of = rowsOf(place, rule);
    if (rule.kind === "silence") {
      return silence(tx, { rule, of, source, knownMs: silenceKnownUntil(progress, rule.latenessMs) });
    }
    const [before, untilMs] = [closedUntil(rule, doneMs), closedUntil(rule, now)];
    return untilMs > before ? evaluate(tx, { rule, of, source, doneMs: before, untilMs }) : [];
  });
}

/** Takes the time on to where the clock told it was. */
function tell(
  tx: Transaction,
  { clockMs, idleMs }: ClockTold,
  work: Pick<Work, "place" | "rules" | "source" | "progress">,
): InsightEvent[] {
  const { progress } = work;
  const doneMs = reachedMs(progress);
  progress.clockMs = later(progress.clockMs, clockMs);
  progress.idleMs = later(progress.idleMs, idleMs);
  return progress.seenMs === null ? [] : look(tx, doneMs, work);
}

/** Whether a rule has closed the time that an event is of. */
function isLate(rule: Rule, timeMs: number, progress: Progress): boolean {
  if (rule.kind === "silence") return timeMs < silenceKnownUntil(progress, rule.latenessMs);
  return paneOf(rule, timeMs) + rule.slideMs <= closedUntil(rule, reachedMs(progress));
}

/** How long after an event the same would still be counted. */
function longestOpen({ kind, slideMs, latenessMs }: Rule): number {
  return latenessMs + (kind === "silence" ? 0 : slideMs);
}

/** What the clock tells of a partition. */
export interface ClockOptions extends Omit<ApplyOptions, "nowMs"> {
  told: ClockTold;
  /** The offset behind the last record that had been handled; where others came since, nothing is told. */
  atOffset: number;
}

/** What follows where nothing more comes, by the clock: insights about silence, and the ends of windows. */
export function applyClock(tx: Transaction, { told, atOffset, ...options }: ClockOptions): Applied {
  const { place } = options;
  const progress = readProgress(tx, place);
  if (progress.seenMs === null || progress.nextOffset !== atOffset) return { insights: [], facts: [] };
  const toldMs = Math.max(told.clockMs ?? 0, told.idleMs ?? 0);
  const fact = addClockFact(tx, place, { atOffset, ...told, ahead: false, toldMs });
  if (fact === undefined) return { insights: [], facts: [] };
  const insights = tell(tx, told, { ...options, progress });
  writeProgress(tx, place, progress);
  forgetClockFacts(tx, place, toldMs);
  return { insights, facts: [fact] };
}

/** Takes over what another agent did by the clock; it has said what followed. */
export function takeClockFact(
  tx: Transaction,
  fact: ClockFact,
  options: Omit<ApplyOptions, "nowMs">,
): void {
  const { place } = options;
  if (addClockFact(tx, place, fact) === undefined) return;
  const progress = readProgress(tx, place);
  // What is further on is applied when the records before it are; what is further back is too late.
  if (progress.nextOffset !== fact.atOffset) return;
  tell(tx, fact, { ...options, progress });
  writeProgress(tx, place, progress);
}
