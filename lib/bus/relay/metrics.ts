import type { Counter, Meter } from "../../telemetry/metrics.ts";
import type { OutboxStatus } from "./status.ts";

/** What the relay counts. */
export interface RelayMetrics {
  /** Records acknowledged. */
  relayed: Counter;
  /** Attempts made again. */
  retries: Counter;
  /** Records set aside. */
  refused: Counter;
  /** Records sent without their content. */
  oversize: Counter;
}

/** Makes the relay's metrics; `status` is asked at each scrape and may give nothing. */
export function relayMetrics(meter: Meter, status: () => OutboxStatus | undefined): RelayMetrics {
  meter.gauge({
    name: "capstan_relay_lag",
    help: "Records that wait in the local log to be sent to Kafka.",
    labels: ["topic"],
    collect: () =>
      [...Map.groupBy(status()?.partitions ?? [], ({ topic }) => topic)].map(([topic, partitions]) => ({
        labels: { topic },
        value: partitions.reduce((sum, partition) => sum + partition.lag, 0),
      })),
  });
  meter.gauge({
    name: "capstan_relay_oldest_seconds",
    help: "Age of the oldest record that waits to be sent to Kafka; 0 where none does.",
    collect() {
      const { oldestAt = null, now = 0 } = status() ?? {};
      return oldestAt === null ? 0 : Math.max(0, now - oldestAt) / 1_000;
    },
  });
  return {
    relayed: meter.counter({
      name: "capstan_relay_records_total",
      help: "Records Kafka has acknowledged.",
      labels: ["topic"],
    }),
    retries: meter.counter({
      name: "capstan_relay_retries_total",
      help: "Attempts to send a batch again.",
      labels: ["topic"],
    }),
    refused: meter.counter({
      name: "capstan_relay_refused_total",
      help: "Records Kafka refused, set aside in the table relay_refused.",
      labels: ["topic"],
    }),
    oversize: meter.counter({
      name: "capstan_relay_oversize_total",
      help: "Records sent without their content, because they exceed their topic's limit.",
      labels: ["topic"],
    }),
  };
}
