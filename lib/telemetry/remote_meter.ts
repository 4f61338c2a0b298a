import { LabelledSums } from "./labelled_sums.ts";
import type { Sample } from "./meter.ts";
import type { Counter, Labels, Meter, MetricOptions } from "./metrics.ts";

/** A meter of a thread that exposes nothing itself. */
export interface RemoteMeter extends Meter {
  /** A meter whose names begin with `prefix`. */
  scope(prefix: string): Meter;
  /** What was measured since the last call, for `RootMeter.record` of the main thread. */
  take(): Sample[];
}

/** Observations kept at most between two calls of `take`: a sample of more is as good, and memory stays bounded. */
const MAX_OBSERVATIONS = 10_000;

/** A meter that keeps what it is told until the main thread is told. */
export function createRemoteMeter(): RemoteMeter {
  const counters = new Map<string, { scope: string; metric: MetricOptions; sums: LabelledSums }>();
  const gauges = new Map<string, Sample>();
  let observations: Sample[] = [];
  /** By kind and whole name; the main thread is told of each once, so that it shows what is still nought. */
  const made = new Set<string>();
  let fresh: Sample[] = [];

  function announce(kind: Sample["kind"], scope: string, metric: MetricOptions): void {
    const key = `${kind} ${scope}${metric.name}`;
    if (made.has(key)) return;
    made.add(key);
    fresh.push({ kind, scope, metric, labels: {} });
  }

  function scoped(scope: string): Meter {
    return {
      counter: (options) => counter(scope, options),
      gauge: (options) => {
        const metric = plain(options);
        announce("gauge", scope, metric);
        return {
          set: (value: number, labels: Labels = {}) => {
            const key = `${scope}${metric.name} ${JSON.stringify(labels)}`;
            gauges.set(key, { kind: "gauge", scope, metric, labels, value });
          },
        };
      },
      histogram: (options) => {
        const metric = plain(options);
        announce("histogram", scope, metric);
        return {
          observe: (value: number, labels: Labels = {}) => {
            if (observations.length >= MAX_OBSERVATIONS) return;
            observations.push({ kind: "histogram", scope, metric, labels, value });
          },
        };
      },
    };
  }

  function counter(scope: string, options: MetricOptions): Counter {
    const found = counters.get(scope + options.name);
    if (found) return found.sums;
    const sums = new LabelledSums(options.labels ?? []);
    const metric = plain(options);
    announce("counter", scope, metric);
    counters.set(scope + options.name, { scope, metric, sums });
    return sums;
  }

  return {
    ...scoped(""),
    scope: scoped,
    take: () => {
      const taken = [...fresh, ...observations, ...gauges.values()];
      fresh = [];
      for (const { scope, metric, sums } of counters.values()) {
        for (const { labels, by } of sums.take()) {
          taken.push({ kind: "counter", scope, metric, labels, value: by });
        }
      }
      observations = [];
      gauges.clear();
      return taken;
    },
  };
}

/** Without functions, which do not cross between threads. */
function plain({ name, help, labels, buckets }: MetricOptions): MetricOptions {
  return { name, help, ...(labels && { labels }), ...(buckets && { buckets }) };
}
