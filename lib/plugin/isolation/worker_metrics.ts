import type { Sample } from "../../telemetry/meter.ts";
import { createRemoteMeter } from "../../telemetry/remote_meter.ts";
import type { PluginContext } from "../contract.ts";
import type { Registration } from "./protocol.ts";

/** Metrics of a plugin in the Worker. */
export interface WorkerMetrics extends Pick<PluginContext, "counter" | "gauge" | "histogram"> {
  /** What was measured since the last call. With `gauges` those that have a `collect` are asked. */
  take(options: { gauges: boolean }): Sample[];
}

/** Makes metrics that are kept until the agent is told; `made` hears of each. */
export function workerMetrics(made: (metric: Registration) => void): WorkerMetrics {
  const meter = createRemoteMeter();
  const collects = new Map<string, () => void>();
  const tell = (type: Sample["kind"], { name, help, labels, buckets }: Sample["metric"]) =>
    made({
      kind: "metric",
      type,
      metric: { name, help, ...(labels && { labels }), ...(buckets && { buckets }) },
    });
  return {
    counter: (options) => {
      tell("counter", options);
      return meter.counter(options);
    },
    gauge: ({ collect, ...options }) => {
      tell("gauge", options);
      const gauge = meter.gauge(options);
      if (collect) {
        collects.set(options.name, () => {
          const value = collect();
          if (typeof value === "number") gauge.set(value);
        });
      }
      return gauge;
    },
    histogram: (options) => {
      tell("histogram", options);
      return meter.histogram(options);
    },
    take: ({ gauges }) => {
      if (gauges) { for (const collect of collects.values()) collect(); }
      return meter.take();
    },
  };
}
