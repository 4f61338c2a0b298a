import type { Reader } from "capstan";
import { type ClockTold, later } from "./clock_facts.ts";
import { type Place, rowsOf } from "./place.ts";
import { reachedMs, readProgress, silenceKnownUntil } from "./progress.ts";
import type { Rule } from "./rule.ts";
import { isSilenceDue } from "./silence.ts";
import { isWindowDue } from "./window_due.ts";

/** What of this the rules of a partition have something to say to; `undefined`: nothing. */
export function dueByClock(
  db: Reader,
  place: Place,
  { rules, told }: { rules: readonly Rule[]; told: ClockTold },
): ClockTold | undefined {
  const progress = readProgress(db, place);
  if (progress.seenMs === null) return undefined;
  const at = { seenMs: progress.seenMs, clockMs: later(progress.clockMs, told.clockMs) };
  const isSilence = told.clockMs !== null && rules.some((rule) =>
    rule.kind === "silence" &&
    isSilenceDue(db, rowsOf(place, rule), {
      knownMs: silenceKnownUntil(at, rule.latenessMs),
      afterMs: rule.windowMs,
    })
  );
  const { idleMs } = told;
  const isIdle = idleMs !== null && rules.some((rule) =>
    rule.kind !== "silence" &&
    isWindowDue(db, rule, { of: rowsOf(place, rule), reachedMs: reachedMs(progress), idleMs })
  );
  if (!isSilence && !isIdle) return undefined;
  return { clockMs: isSilence ? told.clockMs : null, idleMs: isIdle ? idleMs : null };
}
