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

/** One series of a gauge. */
export interface Reading {
  /** A value for each label name. */
  labels: Labels;
  /** As it is now. */
  value: number;
}

/**
 * What a gauge is asked for when metrics are read: a number, or all series there are (others are forgotten). Nothing
 * where it was `set`.
 */
export type Collected = number | readonly Reading[] | void;

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
  /** A number that only grows. */
  counter(options: MetricOptions): Counter;
  /** A number that goes up and down; `collect` is asked at each reading, and must not throw. */
  gauge(options: MetricOptions & { collect?: () => Collected | Promise<Collected> }): Gauge;
  /** A distribution. */
  histogram(options: MetricOptions): Histogram;
}
