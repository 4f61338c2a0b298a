import type { Labels, Meter } from "../../telemetry/metrics.ts";

/** What streams count, all of them in one set of metrics with the label `stream`. */
export interface StreamMetrics {
  /** A handler was given so many records and took so many seconds. */
  handled(records: number, seconds: number): void;
  /** A batch or record is tried again. */
  retried(): void;
  /** A record was given up and put on a dead-letter topic. */
  deadLettered(): void;
  /** A batch of so many records was handled and committed. */
  committed(records: number): void;
  /** A commit failed and is tried again. */
  commitFailed(): void;
  /** The group shared out its partitions anew, and some came or went. */
  rebalanced(): void;
  /** So many partitions came. */
  assigned(partitions: number): void;
  /** So many partitions went. */
  revoked(partitions: number): void;
  /** So many records were handled again to bring rows and group together. */
  replayed(records: number): void;
  /** So many offsets are left to be read again. */
  replaying(left: number): void;
  /** The stream stopped at a record it can't handle. */
  stopped(): void;
}

/** Metrics of the stream of that name. */
export function streamMetrics(meter: Meter, stream: string): StreamMetrics {
  const labels = ["stream"] as const;
  const own: Labels = { stream };
  const counter = (name: string, help: string) => {
    const made = meter.counter({ name, help, labels });
    return (by?: number) => made.inc(own, by);
  };
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
  const stopped = meter.gauge({
    name: "capstan_stream_stopped",
    help: "1 where a stream stopped at a record it can't handle, until the agent starts again.",
    labels,
  });
  stopped.set(0, own);
  const replaying = meter.gauge({
    name: "capstan_stream_replay_left",
    help: "Offsets left to be read again before rows and group are together.",
    labels,
  });
  const records = counter("capstan_stream_records_total", "Records handled and committed.");
  const commits = counter("capstan_stream_commits_total", "Batches handled and committed.");
  return {
    handled: (count, time) => {
      size.observe(count, own);
      seconds.observe(time, own);
    },
    retried: counter("capstan_stream_retries_total", "Batches and records that were tried again."),
    deadLettered: counter(
      "capstan_stream_dead_letters_total",
      "Records given up and put on a dead-letter topic.",
    ),
    committed: (count) => {
      records(count);
      commits();
    },
    commitFailed: counter(
      "capstan_stream_commit_failures_total",
      "Commits that failed and were tried again.",
    ),
    rebalanced: counter(
      "capstan_stream_rebalances_total",
      "Times partitions came to the stream or were taken from it while it ran; its start is the first.",
    ),
    assigned: counter("capstan_stream_assigned_partitions_total", "Partitions that came in rebalances."),
    revoked: counter("capstan_stream_revoked_partitions_total", "Partitions that went in rebalances."),
    replayed: counter(
      "capstan_stream_replayed_records_total",
      "Records handled again to bring rows and group together.",
    ),
    replaying: (left) => replaying.set(left, own),
    stopped: () => stopped.set(1, own),
  };
}
