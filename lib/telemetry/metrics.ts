/** Labels of one series. */
export type Labels = Record<string, string>;

/** A number that only grows. */
export interface Counter {
  /** Adds `by` (default 1, never negative). */
  inc(labels?: Labels, by?: number): void;
}

/** A number that goes up and down. */
export interface Gauge {
  /** Sets the value now. */
  set(value: number, labels?: Labels): void;
}

/** A distribution; seconds for time, bytes for size, as Prometheus has it. */
export interface Histogram {
  /** Adds one observation. */
  observe(value: number, labels?: Labels): void;
}

/** What describes a metric. `labels` lists the label names every sample carries. */
export interface MetricOptions {
  /** Name as Prometheus has it, `[a-z_][a-z0-9_]*`; counters end in `_total`. */
  name: string;
  /** What it counts, one sentence for `# HELP`. */
  help: string;
  /** Label names, in the order they are printed. */
  labels?: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending. */
  buckets?: readonly number[];
}

/** Makes metrics. Asking twice for one name gives the same metric. */
export interface Meter {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions & { collect?: () => number | void }): Gauge;
  histogram(options: MetricOptions): Histogram;
}
