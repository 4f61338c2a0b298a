import { labelKey, onlyLabels } from "./label_key.ts";
import type { Counter, Labels } from "./metrics.ts";

/** A counter of plain numbers, one for each combination of label values: an increment costs a map look-up. */
export class LabelledSums implements Counter {
  #sums = new Map<string, { labels: Labels; by: number }>();
  #unlabelled = 0;

  /** `names` are the labels every increment carries. */
  constructor(readonly names: readonly string[]) {}

  /** Adds `by` (default 1). A negative or undefined number is a bug of the caller's. */
  inc(labels?: Labels, by = 1): void {
    if (!(by >= 0)) throw new RangeError(`Cannot add ${by} to a counter: counters only grow`);
    if (this.names.length === 0) {
      this.#unlabelled += by;
      return;
    }
    const key = labelKey(this.names, labels);
    const sum = this.#sums.get(key);
    if (sum !== undefined) sum.by += by;
    else this.#sums.set(key, { labels: onlyLabels(this.names, labels), by });
  }

  /** What was added since the last call. */
  take(): { labels: Labels; by: number }[] {
    const taken = [...this.#sums.values()];
    if (this.#unlabelled > 0) taken.push({ labels: {}, by: this.#unlabelled });
    this.#sums = new Map();
    this.#unlabelled = 0;
    return taken;
  }
}
