import type { Meter } from "../telemetry/metrics.ts";
import type { Transaction } from "../store/contract.ts";
import type {
  BusDriver,
  CommitOptions,
  OutgoingRecord,
  Position,
  ReceiveOptions,
  RecordBatch,
  Subscription,
} from "./contract.ts";
import { SendError } from "./send_error.ts";

/** What goes through the bus, under the names dashboards of an AI service know. One set for both drivers. */
export interface BusMetrics {
  /** These records are durable on the bus, `seconds` after they were handed to it. */
  produced(records: readonly Pick<OutgoingRecord, "topic">[], seconds: number): void;
  /** Records of one topic were taken from the bus. */
  consumed(batch: Pick<RecordBatch, "topic" | "records">): void;
}

/** Makes the bus's metrics. In a Worker `meter` is a remote one. */
export function busMetrics(meter: Meter): BusMetrics {
  const labels = ["topic"] as const;
  const produced = meter.counter({
    name: "ai_kafka_messages_produced_total",
    help: "Records durable on the bus: Kafka where it is configured, else the local log.",
    labels,
  });
  const consumed = meter.counter({
    name: "ai_kafka_messages_consumed_total",
    help: "Records stream handlers and clients were given from the bus, again after a rebalance.",
    labels,
  });
  const latency = meter.histogram({
    name: "ai_kafka_produce_latency_seconds",
    help: "Time from handing records to the bus until they are durable; once for each request and topic.",
    labels,
  });
  return {
    produced(records, seconds) {
      const [first] = records;
      if (first === undefined) return;
      if (records.length === 1) {
        produced.inc({ topic: first.topic });
        latency.observe(seconds, { topic: first.topic });
        return;
      }
      const counts = new Map<string, number>();
      for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
      for (const [topic, count] of counts) {
        produced.inc({ topic }, count);
        latency.observe(seconds, { topic });
      }
    },
    consumed: ({ topic, records }) => consumed.inc({ topic }, records.length),
  };
}

/** Milliseconds that only grow. */
const monotonic = () => performance.now();

/** The driver, with what goes through it counted. */
export function countedBus(
  driver: BusDriver,
  metrics: BusMetrics,
  now: () => number = monotonic,
): BusDriver {
  return {
    name: driver.name,
    topics: driver.topics,
    groups: driver.groups,
    send: countedSend(driver, metrics, now),
    open: async (options) => new CountedSubscription(await driver.open(options), metrics, now),
    lag: (group, topics) => driver.lag(group, topics),
    ping: (signal) => driver.ping(signal),
    isRetryable: (error) => driver.isRetryable(error),
    close: () => driver.close(),
    [Symbol.asyncDispose]: () => driver[Symbol.asyncDispose](),
  };
}

/** The driver's `send`, with what it sends counted. */
export function countedSend(
  driver: Pick<BusDriver, "send">,
  metrics: BusMetrics,
  now: () => number = monotonic,
): BusDriver["send"] {
  // Without await, as it runs for each record: one promise less.
  return (records, options) => {
    const started = now();
    return driver.send(records, options).then((positions) => {
      metrics.produced(records, (now() - started) / 1000);
      return positions;
    }, (error: unknown) => {
      if (error instanceof SendError) {
        const there = records.filter((_, at) => error.acknowledged[at] !== undefined);
        metrics.produced(there, (now() - started) / 1000);
      }
      throw error;
    });
  };
}

class CountedSubscription implements Subscription {
  constructor(
    private readonly inner: Subscription,
    private readonly metrics: BusMetrics,
    private readonly now: () => number,
  ) {}

  async receive(options: ReceiveOptions): Promise<RecordBatch | null> {
    const batch = await this.inner.receive(options);
    if (batch !== null) this.metrics.consumed(batch);
    return batch;
  }

  async commit(options: CommitOptions): Promise<void> {
    const { outputs = [], write } = options;
    const started = this.now();
    let written: readonly OutgoingRecord[] = [];
    await this.inner.commit({
      ...options,
      // It may run a second time: what the last run gave is what was stored.
      ...(write && { write: (tx: Transaction) => written = write(tx) ?? [] }),
    });
    const stored = written.length > 0 ? [...outputs, ...written] : outputs;
    if (stored.length > 0) this.metrics.produced(stored, (this.now() - started) / 1000);
  }

  seek(position: Position): void {
    this.inner.seek(position);
  }

  position(partition: { topic: string; partition: number }): number | null {
    return this.inner.position(partition);
  }

  assigned(): readonly { topic: string; partition: number }[] {
    return this.inner.assigned();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.inner[Symbol.asyncDispose]();
  }
}
