import { type Evidence, mergeEvidence } from "./evidence.ts";
import { addHistogram, type Histogram, observe } from "./histogram.ts";
import type { Rule } from "./rule.ts";
import type { Sample } from "./sample.ts";

/** Amounts are added as whole numbers of this many to one, so that no order of adding gives another sum. */
export const UNITS = 1_000_000_000;

/** What is known of the samples of one group in one span of time. Adding is the same in any order. */
export interface Pane {
  samples: number;
  bad: number;
  /** Amounts, in parts of `UNITS`. */
  total: number;
  /** Of amounts, for rules of latency. */
  histogram: Histogram;
  evidence: readonly Evidence[];
}

/** Nothing yet. */
export function emptyPane(): Pane {
  return { samples: 0, bad: 0, total: 0, histogram: new Map(), evidence: [] };
}

/** Adds a sample. */
export function addSample(pane: Pane, rule: Pick<Rule, "kind">, { sample, timeMs }: {
  sample: Sample;
  timeMs: number;
}): void {
  const { bad, amount, node } = sample;
  pane.samples++;
  if (bad) pane.bad++;
  pane.total += Math.round(amount * UNITS);
  if (rule.kind === "latency") observe(pane.histogram, amount);
  if (bad && node !== undefined) pane.evidence = mergeEvidence(pane.evidence, [[timeMs, node]]);
}

/** Adds all of another one. */
export function addPane(to: Pane, from: Pane): void {
  to.samples += from.samples;
  to.bad += from.bad;
  to.total += from.total;
  addHistogram(to.histogram, from.histogram);
  to.evidence = mergeEvidence(to.evidence, from.evidence);
}
