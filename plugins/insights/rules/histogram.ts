import { readJson } from "capstan/json";
/** How far a quantile may be off, in parts of the true value. */
export const RELATIVE_ERROR = 0.01;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);
/** Values from this one down count as 0. */
const SMALLEST = 1e-3;
/** Stands for them. */
const ZERO = -1_000_000;

/**
 * Counts of values in buckets that grow by a factor, as in DDSketch (https://arxiv.org/abs/1908.10693): any quantile is
 * right to within `RELATIVE_ERROR`, and adding is the same in any order. From a millisecond to a day that are fewer
 * than a thousand buckets.
 */
export type Histogram = Map<number, number>;

/** Counts one value, 0 or more. */
export function observe(histogram: Histogram, value: number): void {
  const bucket = value <= SMALLEST ? ZERO : Math.ceil(Math.log(value) / LOG_GAMMA);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

/** Adds all counts of another one. */
export function addHistogram(to: Histogram, from: Histogram): void {
  for (const [bucket, count] of from) to.set(bucket, (to.get(bucket) ?? 0) + count);
}

/** The value that a share of all values, from 0 to 1, does not exceed; 0 where there are none. */
export function quantile(histogram: Histogram, share: number): number {
  const buckets = sorted(histogram);
  const rank = share * (buckets.reduce((sum, [, count]) => sum + count, 0) - 1);
  let passed = 0;
  for (const [bucket, count] of buckets) {
    passed += count;
    if (passed > rank) return bucket === ZERO ? 0 : 2 * GAMMA ** bucket / (GAMMA + 1);
  }
  return 0;
}

/** As text: the same counts give the same text. */
export function histogramText(histogram: Histogram): string {
  return JSON.stringify(sorted(histogram));
}

/** What `histogramText` gave. */
export function histogramOf(text: string): Histogram {
  return new Map(readJson(text) as [number, number][]);
}

function sorted(histogram: Histogram): [number, number][] {
  return [...histogram].sort(([a], [b]) => a - b);
}
