import * as prom from "prom-client";
import { labelKey } from "./label_key.ts";
import type { LabelledBuckets, Observed } from "./labelled_buckets.ts";
import type { Labels } from "./metrics.ts";

/** A line of a histogram, as prom-client writes it. */
interface Line {
  metricName: string;
  labels: { le?: number | "+Inf" };
  sharedLabels: Labels;
  value: number;
}

/** How a histogram is registered. */
export interface RegisteredHistogramOptions extends prom.HistogramConfiguration<string> {
  buckets: number[];
  observed: LabelledBuckets;
  /** What is written of labels. */
  written(labels: Labels): Labels;
}

/** A histogram of prom-client's that reads numbers counted elsewhere: its own `observe` takes several times as long. */
export class RegisteredHistogram extends prom.Histogram {
  readonly #options: RegisteredHistogramOptions;

  constructor(options: RegisteredHistogramOptions) {
    const { observed: _, written: __, ...config } = options;
    super(config);
    this.#options = options;
  }

  /** Takes the place of prom-client's own, which the registry and `get` ask. */
  getForPromString(): Promise<object> {
    const { name, help, buckets } = this.#options;
    const values: Line[] = [];
    for (const { labels: sharedLabels, counts, sum } of this.#written()) {
      let count = 0;
      counts.forEach((one, at) => {
        count += one;
        const le = buckets[at] ?? "+Inf";
        values.push({ metricName: `${name}_bucket`, labels: { le }, sharedLabels, value: count });
      });
      values.push({ metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum });
      values.push({ metricName: `${name}_count`, labels: {}, sharedLabels, value: count });
    }
    return Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values });
  }

  /** What was observed, by labels as they are written: different ones may be written the same. */
  #written(): Iterable<Observed> {
    const { observed, written, labelNames = [] } = this.#options;
    const found = new Map<string, Observed>();
    for (const { labels, counts, sum } of observed.observed()) {
      const shown = written(labels);
      const key = labelKey(labelNames, shown);
      const same = found.get(key);
      if (same === undefined) found.set(key, { labels: shown, counts: [...counts], sum });
      else {
        counts.forEach((count, at) => same.counts[at]! += count);
        same.sum += sum;
      }
    }
    return found.values();
  }
}
