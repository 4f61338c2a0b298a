import * as prom from "prom-client";
import { LabelledSums } from "./labelled_sums.ts";
import type { Counter, Gauge, Histogram, Labels, Meter, MetricOptions } from "./metrics.ts";

/** What another thread measured. */
export interface Sample {
  kind: "counter" | "gauge" | "histogram";
  /** Prefix of the meter that made the metric there. */
  scope: string;
  /** Its name is without the prefix. */
  metric: MetricOptions;
  labels: Labels;
  /** What to add, set or observe. */
  value: number;
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
  /** Prometheus' text format. */
  text(): Promise<string>;
  /** Its media type. */
  readonly contentType: string;
}

/** Seconds, from a tenth of a millisecond up. */
const SECONDS = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Made {
  owner: string;
  kind: string;
  labels: string;
  metric: Counter | Gauge | Histogram;
}

/** A meter with a registry of its own. Counters add to a plain number and reach the registry when it is read. */
export function createMeter(): RootMeter {
  const registry = new prom.Registry();
  const made = new Map<string, Made>();

  function once<T extends Counter | Gauge | Histogram>(
    kind: string,
    owner: string,
    options: MetricOptions,
    make: () => T,
    is: (metric: Made["metric"]) => metric is T,
  ): T {
    const labels = (options.labels ?? []).join();
    const before = made.get(options.name);
    if (before === undefined) {
      const metric = make();
      made.set(options.name, { owner, kind, labels, metric });
      return metric;
    }
    if (before.owner !== owner || before.kind !== kind || before.labels !== labels || !is(before.metric)) {
      throw new Error(
        `Cannot make the ${kind} ${options.name}: ${
          before.owner || "the agent"
        } has a ${before.kind} of that name ` +
          `with labels [${before.labels}]; choose another name`,
      );
    }
    return before.metric;
  }

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
          for (const { labels, by } of sums.take()) this.inc(labels, by);
        },
      });
      return sums;
    }, (metric) => metric instanceof LabelledSums);
  }

  function gauge(owner: string, options: MetricOptions & { collect?: () => number | void }): Gauge {
    return once("gauge", owner, options, () => {
      const registered = new prom.Gauge({
        ...described(options),
        collect: () => {
          const value = options.collect?.();
          if (typeof value === "number") registered.set(value);
        },
      });
      return { set: (value: number, labels: Labels = {}) => registered.set(labels, value) };
    }, (metric): metric is Gauge => "set" in metric);
  }

  function histogram(owner: string, options: MetricOptions): Histogram {
    return once("histogram", owner, options, () => {
      const registered = new prom.Histogram({
        ...described(options),
        buckets: [...(options.buckets ?? SECONDS)],
      });
      return { observe: (value: number, labels: Labels = {}) => registered.observe(labels, value) };
    }, (metric): metric is Histogram => "observe" in metric);
  }

  return {
    ...scoped(""),
    scope: scoped,
    record: (samples) => {
      for (const { kind, scope, metric, labels, value } of samples) {
        const options = { ...metric, name: scope + metric.name };
        if (kind === "counter") counter(scope, options).inc(labels, value);
        else if (kind === "gauge") gauge(scope, options).set(value, labels);
        else histogram(scope, options).observe(value, labels);
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
