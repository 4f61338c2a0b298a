import * as prom from "prom-client";
import { LabelledBuckets } from "./labelled_buckets.ts";
import { LabelledSums } from "./labelled_sums.ts";
import { RegisteredHistogram } from "./registered_histogram.ts";
import type { Collected, Counter, Gauge, Histogram, Labels, Meter, MetricOptions } from "./metrics.ts";

/** What another thread measured. */
export interface Sample {
  kind: "counter" | "gauge" | "histogram";
  /** Prefix of the meter that made the metric there. */
  scope: string;
  /** Its name is without the prefix. */
  metric: MetricOptions;
  labels: Labels;
  /** What to add, set or observe. Absent: the metric was made, and nothing is known of it yet. */
  value?: number;
}

/** A metric that was made. */
export interface MadeMetric {
  /** Its whole name. */
  name: string;
  /** What it is. */
  kind: "counter" | "gauge" | "histogram";
  /** One sentence. */
  help: string;
  /** Label names, in their order. */
  labels: readonly string[];
}

/** A meter with the exposition of all that was made from it. */
export interface RootMeter extends Meter {
  /**
   * A meter whose names begin with `prefix`.
   * @throws {Error} later, when it makes a metric that another scope has made already.
   */
  scope(prefix: string): Meter;
  /** Adds what another thread measured to this thread's metrics of the same scope and name. */
  record(samples: readonly Sample[]): void;
  /** Every metric made so far, by name. */
  list(): MadeMetric[];
  /** Prometheus' text format. */
  text(): Promise<string>;
  /** Its media type. */
  readonly contentType: string;
}

/** How a meter is made. */
export interface MeterOptions {
  /** What is written for a label's value. Default: the value. */
  label?(value: string): string;
}

/** Seconds, from a tenth of a millisecond up. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Made extends MadeMetric {
  owner: string;
  metric: Counter | Gauge | Histogram;
}

/** A meter with a registry of its own. Counters and histograms are plain numbers, which the registry reads. */
export function createMeter({ label }: MeterOptions = {}): RootMeter {
  const registry = new prom.Registry();
  const made = new Map<string, Made>();

  function once<T extends Counter | Gauge | Histogram>(
    kind: Made["kind"],
    owner: string,
    options: MetricOptions,
    make: () => T,
    is: (metric: Made["metric"]) => metric is T,
  ): T {
    const { name, help, labels = [] } = options;
    const before = made.get(name);
    if (before === undefined) {
      const metric = make();
      made.set(name, { owner, kind, name, help, labels, metric });
      return metric;
    }
    const same = before.owner === owner && before.kind === kind && before.labels.join() === labels.join();
    if (!same || !is(before.metric)) {
      throw new Error(
        `Cannot make the ${kind} ${name}: ${before.owner || "the agent"} has a ${before.kind} of that name ` +
          `with labels [${before.labels}]; choose another name`,
      );
    }
    return before.metric;
  }

  const written = label === undefined
    ? (labels: Labels) => labels
    : (labels: Labels): Labels =>
      Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, label(String(value))]));

  function scoped(owner: string): Meter {
    const whole = <O extends MetricOptions>(options: O): O => ({ ...options, name: owner + options.name });
    return {
      counter: (options) => counter(owner, whole(options)),
      gauge: (options) => gauge(owner, whole(options)),
      histogram: (options) => histogram(owner, whole(options)),
    };
  }

  const described = (options: MetricOptions) => ({
    name: options.name,
    help: options.help,
    labelNames: [...(options.labels ?? [])],
    registers: [registry],
  });

  function counter(owner: string, options: MetricOptions): Counter {
    return once("counter", owner, options, () => {
      const sums = new LabelledSums(options.labels ?? []);
      new prom.Counter({
        ...described(options),
        collect() {
          for (const { labels, by } of sums.take()) this.inc(written(labels), by);
        },
      });
      return sums;
    }, (metric) => metric instanceof LabelledSums);
  }

  function gauge(
    owner: string,
    options: MetricOptions & { collect?: () => Collected | Promise<Collected> },
  ): Gauge {
    return once("gauge", owner, options, () => {
      const { collect } = options;
      const registered = new prom.Gauge({
        ...described(options),
        ...(collect && {
          collect: async () => {
            const found = await collect();
            if (typeof found === "number") registered.set(found);
            if (typeof found !== "object") return;
            registered.reset();
            for (const { labels, value } of found) registered.set(written(labels), value);
          },
        }),
      });
      return { set: (value: number, labels: Labels = {}) => registered.set(written(labels), value) };
    }, (metric): metric is Gauge => "set" in metric);
  }

  function histogram(owner: string, options: MetricOptions): Histogram {
    return once("histogram", owner, options, () => {
      const buckets = [...(options.buckets ?? SECONDS)];
      const observed = new LabelledBuckets(options.labels ?? [], buckets);
      new RegisteredHistogram({ ...described(options), buckets, observed, written });
      return observed;
    }, (metric) => metric instanceof LabelledBuckets);
  }

  return {
    ...scoped(""),
    scope: scoped,
    record: (samples) => {
      for (const { kind, scope, metric, labels, value } of samples) {
        const options = { ...metric, name: scope + metric.name };
        if (kind === "counter") {
          const known = counter(scope, options);
          if (value !== undefined) known.inc(labels, value);
        } else if (kind === "gauge") {
          const known = gauge(scope, options);
          if (value !== undefined) known.set(value, labels);
        } else {
          const known = histogram(scope, options);
          if (value !== undefined) known.observe(value, labels);
        }
      }
    },
    list: () =>
      [...made.values()].map(({ name, kind, help, labels }) => ({ name, kind, help, labels }))
        .sort((a, b) => a.name < b.name ? -1 : 1),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
