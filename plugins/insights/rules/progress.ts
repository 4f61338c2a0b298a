import type { Reader, Transaction } from "capstan";
import { readJson } from "capstan/json";
import type { Place } from "./place.ts";

/** How far a partition is. */
export interface Progress {
  /** Time of its newest event; `null` before the first. */
  seenMs: number | null;
  /** How far the clock was when it was asked last, for rules about silence. */
  clockMs: number | null;
  /** Up to when the clock has ended windows; `null`: events alone have. */
  idleMs: number | null;
  /** The offset behind its last record. */
  nextOffset: number | null;
  /** Keys of the rules that held. */
  rules: readonly string[];
  /** Events left out because they came too late. */
  late: number;
  /** Events left out because their time is yet to come. */
  ahead: number;
}

interface Row {
  seen_ms: number | null;
  clock_ms: number | null;
  idle_ms: number | null;
  next_offset: number | null;
  rules: string;
  late: number;
  ahead: number;
}

/** Reads it. */
export function readProgress(db: Reader, { source, part }: Place): Progress {
  const row = db.get<Row>(
    "SELECT seen_ms, clock_ms, idle_ms, next_offset, rules, late, ahead FROM insights_rule_progress " +
      "WHERE source = ? AND part = ?",
    source,
    part,
  );
  return {
    seenMs: row?.seen_ms ?? null,
    clockMs: row?.clock_ms ?? null,
    idleMs: row?.idle_ms ?? null,
    nextOffset: row?.next_offset ?? null,
    rules: row === undefined ? [] : readJson(row.rules) as string[],
    late: row?.late ?? 0,
    ahead: row?.ahead ?? 0,
  };
}

/** Stores it. */
export function writeProgress(tx: Transaction, { source, part }: Place, progress: Progress): void {
  const { seenMs, clockMs, idleMs, nextOffset, rules, late, ahead } = progress;
  tx.run(
    "REPLACE INTO insights_rule_progress (source, part, seen_ms, clock_ms, idle_ms, next_offset, rules, late, ahead) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    source,
    part,
    seenMs,
    clockMs,
    idleMs,
    nextOffset,
    JSON.stringify(rules),
    late,
    ahead,
  );
}

/** Up to when events have come, as windows have it: by the newest one, or by the clock. `-Infinity` before the first. */
export function reachedMs({ seenMs, idleMs }: Pick<Progress, "seenMs" | "idleMs">): number {
  return Math.max(seenMs ?? -Infinity, idleMs ?? -Infinity);
}

/** Up to when rules about silence know what there was: no event from before is taken any more. */
export function silenceKnownUntil(
  { seenMs, clockMs }: Pick<Progress, "seenMs" | "clockMs">,
  latenessMs: number,
): number {
  return Math.max(seenMs ?? -Infinity, clockMs ?? -Infinity) - latenessMs;
}

/** Events left out so far, over all partitions. */
export function leftOut(db: Reader): number {
  return db.get<{ n: number }>("SELECT coalesce(sum(late + ahead), 0) AS n FROM insights_rule_progress")?.n ??
    0;
}
