import type { Reader, Transaction } from "capstan";
import type { Place } from "./place.ts";

/** How far the clock was where nothing more came; milliseconds since 1970. */
export interface ClockTold {
  /** For rules about silence: the moment itself. */
  readonly clockMs: number | null;
  /** For windows: up to when events are taken to have come. */
  readonly idleMs: number | null;
}

/**
 * What rules did by the clock, which no event tells: reading the events once more would not find it. It holds before the
 * record at `atOffset` was handled.
 */
export interface ClockFact extends ClockTold {
  readonly atOffset: number;
  /** The record at this offset was left out: its time was yet to come. */
  readonly ahead: boolean;
  /** When it was so, by the clock; milliseconds since 1970. */
  readonly toldMs: number;
}

/** How long it is known, in milliseconds: longer than the longest window and its baseline. */
const KEPT_MS = 100 * 24 * 60 * 60 * 1000;

interface Row {
  at_offset: number;
  clock_ms: number | null;
  idle_ms: number | null;
  ahead: number;
  told_ms: number;
}

const SELECT =
  "SELECT at_offset, clock_ms, idle_ms, ahead, told_ms FROM insights_rule_clock WHERE source = ? AND part = ?";

/** The facts from one offset up to another one, both included, in their order. */
export function clockFacts(
  db: Reader,
  { source, part }: Place,
  { from, to }: { from: number; to: number },
): ClockFact[] {
  return db.all<Row>(
    `${SELECT} AND at_offset >= ? AND at_offset <= ? ORDER BY at_offset`,
    source,
    part,
    from,
    to,
  )
    .map(factOf);
}

/**
 * Enters a fact. Of one offset the latest counts, for the clock going on twice is the same as once. Gives what is known
 * now, or `undefined` where nothing of it is new.
 */
export function addClockFact(
  tx: Transaction,
  { source, part }: Place,
  fact: ClockFact,
): ClockFact | undefined {
  const row = tx.get<Row>(`${SELECT} AND at_offset = ?`, source, part, fact.atOffset);
  const known = row && factOf(row);
  const now: ClockFact = {
    atOffset: fact.atOffset,
    clockMs: later(known?.clockMs ?? null, fact.clockMs),
    idleMs: later(known?.idleMs ?? null, fact.idleMs),
    ahead: known?.ahead === true || fact.ahead,
    toldMs: fact.toldMs,
  };
  if (
    known && known.clockMs === now.clockMs && known.idleMs === now.idleMs && known.ahead === now.ahead
  ) return undefined;
  tx.run(
    "REPLACE INTO insights_rule_clock VALUES (?, ?, ?, ?, ?, ?, ?)",
    source,
    part,
    now.atOffset,
    now.clockMs,
    now.idleMs,
    Number(now.ahead),
    now.toldMs,
  );
  return now;
}

/** Forgets what was so long ago that nothing follows from it. */
export function forgetClockFacts(tx: Transaction, { source, part }: Place, nowMs: number): void {
  tx.run(
    "DELETE FROM insights_rule_clock WHERE source = ? AND part = ? AND told_ms < ?",
    source,
    part,
    nowMs - KEPT_MS,
  );
}

/** The later of two moments, where there is one. */
export function later(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

function factOf({ at_offset, clock_ms, idle_ms, ahead, told_ms }: Row): ClockFact {
  return { atOffset: at_offset, clockMs: clock_ms, idleMs: idle_ms, ahead: ahead === 1, toldMs: told_ms };
}
