import { quantile } from "./histogram.ts";
import { type Pane, UNITS } from "./pane.ts";
import type { Rule } from "./rule.ts";

/** How much worse than what was said last a value must be to be said again. */
const WORSE = { by: 0.1, times: 1.1 };
/** How much evidence must be new. */
const NEW_EVIDENCE = 10;

/** What a rule's value is, over a window. */
export function valueOf({ kind }: Rule, { samples, bad, total, histogram }: Pane): number {
  switch (kind) {
    case "satisfaction":
      return rounded(samples === 0 ? 0 : total / UNITS / samples);
    case "error_rate":
      return rounded(samples === 0 ? 0 : bad / samples);
    case "latency":
      return rounded(quantile(histogram, 0.95));
    case "cost":
      return rounded(total / UNITS);
    case "failing_tool":
      return bad;
    case "loop":
    case "silence":
      return samples;
  }
}

/** What was before a window: how much, and since when there is anything. */
export interface Before {
  samples: number;
  /** In parts of `UNITS`. */
  total: number;
  /** Where the first pane of it begins, and where the window does; milliseconds. */
  firstMs: number;
  untilMs: number;
}

/**
 * What a value is compared with: the mean rating, or the cost of a window as long, since the group first was there.
 * `undefined`: too little is known.
 */
export function baselineOf(rule: Rule, before: Before | undefined): number | undefined {
  if (before === undefined || before.samples < rule.baselineSamples) return undefined;
  const { samples, total, firstMs, untilMs } = before;
  if (rule.kind === "satisfaction") return rounded(total / UNITS / samples);
  const windows = (untilMs - firstMs) / rule.windowMs;
  return windows < 1 ? undefined : rounded(total / UNITS / windows);
}

/** What is judged. */
export interface Judged {
  value: number;
  samples: number;
  baseline: number | undefined;
}

/** Whether a window is one that should not be. */
export function breaches(rule: Rule, { value, samples, baseline }: Judged): boolean {
  if (samples < rule.minSamples) return false;
  const { kind, threshold } = rule;
  if (rule.baselineMs === undefined) return kind === "satisfaction" ? value <= threshold : value >= threshold;
  if (baseline === undefined) return false;
  return kind === "satisfaction"
    ? rounded(baseline - value) >= threshold
    : baseline > 0 && value >= rounded(baseline * threshold);
}

/** Whether an open insight is worth saying again: its value is worse by a tenth, or ten pieces of evidence are new. */
export function isNews(
  { kind }: Rule,
  change: { said: number; value: number; newEvidence: number },
): boolean {
  const { said, value, newEvidence } = change;
  if (newEvidence >= NEW_EVIDENCE) return true;
  return kind === "satisfaction"
    ? rounded(said - value) >= WORSE.by
    : value > said && value >= rounded(said * WORSE.times);
}

/** To six places, so that the last bits of a division are nobody's business. */
function rounded(value: number): number {
  // Plus 0: there is a -0, too.
  return Math.round(value * 1e6) / 1e6 + 0;
}
