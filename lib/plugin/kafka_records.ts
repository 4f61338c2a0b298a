import type { BusDriver, BusRecord, Subscription, TopicAdmin } from "../bus/contract.ts";
import { KafkaBus } from "../bus/kafka/kafka_bus.ts";
import type { KafkaSettings } from "../bus/kafka/settings.ts";
import type { Logger } from "../telemetry/logger.ts";

/** A topic that is read to its end. */
export interface ClusterTopic {
  /** Its name in code, which the records get. */
  topic: string;
  /** Its real name. */
  name: string;
  /** Takes what the client says. */
  log: Logger;
  /** Ends the reading. */
  signal: AbortSignal;
}

/** Records read at once, and their bytes. */
const CHUNK = { max: 500, maxBytes: 4 * 1024 * 1024 };
/** Milliseconds without a record after which the cluster is held not to give the rest. A fresh reader needs some seconds. */
const PATIENCE_MS = 15_000;

/** Every record a topic on Kafka has at the time of the call, in order within each partition. */
export async function* kafkaRecords(
  cluster: KafkaSettings,
  topic: ClusterTopic,
): AsyncGenerator<BusRecord> {
  await using bus = new KafkaBus(cluster, { log: topic.log });
  yield* recordsToTheEnd(bus, topic);
}

/**
 * Every record a topic has at the time of the call.
 * @throws {Error} the bus does not give all of them.
 */
export async function* recordsToTheEnd(
  bus: { topics: Pick<TopicAdmin, "describe">; open: BusDriver["open"] },
  { topic, name, signal }: Omit<ClusterTopic, "log">,
  patienceMs: number = PATIENCE_MS,
): AsyncGenerator<BusRecord> {
  const [found] = await bus.topics.describe([name]);
  const ends = new Map(
    (found?.partitions ?? []).filter((at) => at.endOffset > at.startOffset)
      .map((at) => [at.partition, at.endOffset]),
  );
  if (ends.size === 0) return;
  const partitions = [...ends.keys()];
  await using subscription = await bus.open({ group: null, topics: [name], from: "earliest", partitions });
  while (ends.size > 0) {
    const batch = await subscription.receive({ ...CHUNK, waitMs: patienceMs, signal });
    signal.throwIfAborted();
    for (const record of batch?.records ?? []) {
      if (record.offset < (ends.get(record.partition) ?? 0)) yield { ...record, topic };
    }
    passed(subscription, name, ends);
    if (batch || ends.size === 0) continue;
    const left = [...ends].map(([partition, end]) => `partition ${partition} up to ${end}`).join(", ");
    throw new Error(
      `Cannot read all of ${name}: nothing more came of ${left}; see whether its brokers are up`,
    );
  }
}

/** Forgets partitions that are read to what was their end, control records included. */
function passed(subscription: Subscription, topic: string, ends: Map<number, number>): void {
  for (const [partition, end] of [...ends]) {
    if ((subscription.position({ topic, partition }) ?? 0) >= end) ends.delete(partition);
  }
}
