import type { Labels, Meter } from "../../telemetry/metrics.ts";

/** What streams count, all of them in one set of metrics with the label `stream`. */
export interface StreamMetrics {
  handled(records: number, seconds: number): void;
  retried(): void;
  deadLettered(): void;
  committed(records: number): void;
}

/** Metrics of the stream of that name. */
export function streamMetrics(meter: Meter, stream: string): StreamMetrics {
  const labels = ["stream"] as const;
  const own: Labels = { stream };
  const size = meter.histogram({
    name: "capstan_stream_batch_records",
    help: "Records a handler was given at once.",
    labels,
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  });
  const seconds = meter.histogram({
    name: "capstan_stream_handler_seconds",
    help: "Time a handler took for a batch.",
    labels,
  });
  const retries = meter.counter({
    name: "capstan_stream_retries_total",
    help: "Batches and records that were tried again.",
    labels,
  });
  const letters = meter.counter({
    name: "capstan_stream_dead_letters_total",
    help: "Records given up and put on a dead-letter topic.",
    labels,
  });
  const records = meter.counter({
    name: "capstan_stream_records_total",
    help: "Records handled and committed.",
    labels,
  });
  return {
    handled: (count, time) => {
      size.observe(count, own);
      seconds.observe(time, own);
    },
    retried: () => retries.inc(own),
    deadLettered: () => letters.inc(own),
    committed: (count) => records.inc(own, count),
  };
}
