import type { Logger } from "../../telemetry/logger.ts";
import type { Clock } from "../clock.ts";
import type { BusRecord, OutgoingRecord, RecordBatch } from "../contract.ts";
import { isErased } from "../erased.ts";
import { partitionOfKey } from "../murmur2.ts";
import type { RelayMetrics } from "./metrics.ts";
import { recordBytes, shrinkContent } from "./shrink.ts";
import { isRefusal, MAX_RECORD_BYTES, type RelayTarget, type RelayTopic, unacknowledged } from "./target.ts";
import type { RelayTrouble } from "./trouble.ts";
import { retryDelay, type RetryPolicy } from "../stream/retry.ts";

/** What a delivery works with. */
export interface DeliveryOptions {
  /** Where records are sent. */
  target: RelayTarget;
  /** The topic. */
  topic: RelayTopic;
  /** What is counted. */
  metrics: RelayMetrics;
  /** Keeps why nothing moves. */
  trouble: RelayTrouble;
  /** Takes what no caller is told. */
  log: Logger;
  /** What time it is, and how to wait. */
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** How waits between attempts grow. */
  retry: RetryPolicy;
  /** Makes sure the topic is there; gives the number of its partitions. */
  prepare(signal: AbortSignal): Promise<number>;
  /** Forgets what `prepare` found: it may have changed. */
  forget(): void;
}

/** A record the target will never take. */
export interface Refused {
  /** The offset. */
  offset: number;
  /** For a person. */
  reason: string;
}

/** Sends batches of one topic until the target has every record or has refused it. */
export class RelayDelivery {
  readonly #options: DeliveryOptions;

  /** Sends nothing yet. */
  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /**
   * Resolves when each record is acknowledged or refused; gives the refused. Waits as long as that takes, in order.
   * Rejects when `signal` aborts.
   */
  async deliver(batch: RecordBatch, signal: AbortSignal): Promise<Refused[]> {
    const refused: Refused[] = [];
    const records = batch.records.filter((record) => !isErased(record));
    await this.#send(records.map((record) => this.#fit(record)), refused, signal);
    return refused;
  }

  /** Sends what is left again until nothing is; parts a batch in two to find the record that is refused. */
  async #send(records: readonly BusRecord[], refused: Refused[], signal: AbortSignal): Promise<void> {
    let rest = records;
    await this.#patiently(signal, async () => {
      const [first] = rest;
      if (first === undefined) return;
      const partitions = await this.#options.prepare(signal);
      try {
        await this.#options.target.send(rest.map((record) => this.#place(record, partitions)), { signal });
      } catch (error) {
        rest = unacknowledged(rest, error);
        if (!isRefusal(error)) throw error;
        if (rest.length === 1) return this.#setAside(rest[0] ?? first, error, refused);
        const middle = rest.length >> 1;
        await this.#send(rest.slice(0, middle), refused, signal);
        await this.#send(rest.slice(middle), refused, signal);
      }
    });
  }

  #setAside(record: BusRecord, error: unknown, refused: Refused[]): void {
    const { topic: { local }, log, metrics } = this.#options;
    const reason = error instanceof Error ? error.message : String(error);
    refused.push({ offset: record.offset, reason });
    metrics.refused.inc({ topic: local });
    log.warn("Kafka refused a record; it is set aside and stays in the local log", {
      topic: local,
      partition: record.partition,
      offset: record.offset,
      error,
    });
  }

  /** Does it again with growing waits while it fails; the first success ends the topic's trouble. */
  async #patiently(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    const { topic: { local }, trouble, clock, retry, random, metrics, forget } = this.#options;
    for (let failed = 1;; failed++) {
      signal.throwIfAborted();
      try {
        await work();
        trouble.end(local);
        return;
      } catch (error) {
        signal.throwIfAborted();
        trouble.begin(local, error);
        metrics.retries.inc({ topic: local });
        forget();
      }
      await clock.sleep(retryDelay(failed, retry, random), signal);
    }
  }

  #fit(record: BusRecord): BusRecord {
    const { topic: { local, spec, shrink = shrinkContent }, metrics } = this.#options;
    const limit = spec.maxRecordBytes ?? MAX_RECORD_BYTES;
    const bytes = recordBytes(record);
    if (bytes <= limit) return record;
    metrics.oversize.inc({ topic: local });
    const around = bytes - (record.value?.length ?? 0);
    return { ...record, value: shrink(record, Math.max(0, limit - around)) };
  }

  /** The same partition where both sides have as many, else the key's: either way the order of a key is kept. */
  #place({ partition, key, value, headers, timestamp }: BusRecord, partitions: number): OutgoingRecord {
    const { spec } = this.#options.topic;
    const same = partitions === spec.partitions;
    const there = same ? partition : key ? partitionOfKey(key, partitions) : partition % partitions;
    return { topic: spec.name, partition: there, key, value, headers, timestamp };
  }
}
