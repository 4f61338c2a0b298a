import { labelKey, onlyLabels } from "./label_key.ts";
import type { Histogram, Labels } from "./metrics.ts";

/** What was observed under one combination of label values. */
export interface Observed {
  readonly labels: Labels;
  /** By bucket, each its own; the last is of what is above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** A histogram of plain numbers, one set for each combination of label values: an observation costs a map look-up. */
export class LabelledBuckets implements Histogram {
  readonly #names: readonly string[];
  readonly #bounds: readonly number[];
  readonly #observed = new Map<string, Observed>();

  /** `names` are the labels every observation carries; `bounds` the buckets' upper ones, ascending. */
  constructor(names: readonly string[], bounds: readonly number[]) {
    this.#names = names;
    this.#bounds = bounds;
    if (names.length === 0) this.#begin("", undefined);
  }

  /**
   * Adds one observation.
   * @throws {TypeError} it is no finite number.
   */
  observe(value: number, labels?: Labels): void {
    if (!Number.isFinite(value)) throw new TypeError(`Cannot observe ${value}: it is no finite number`);
    const key = labelKey(this.#names, labels);
    const observed = this.#observed.get(key) ?? this.#begin(key, labels);
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++;
    observed.counts[bucket]!++;
    observed.sum += value;
  }

  /** Everything so far. */
  observed(): Iterable<Observed> {
    return this.#observed.values();
  }

  #begin(key: string, labels: Labels | undefined): Observed {
    const observed: Observed = {
      labels: onlyLabels(this.#names, labels),
      counts: new Array(this.#bounds.length + 1).fill(0),
      sum: 0,
    };
    this.#observed.set(key, observed);
    return observed;
  }
}
