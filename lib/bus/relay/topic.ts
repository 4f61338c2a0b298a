import type { Logger } from "../../telemetry/logger.ts";
import type { Clock } from "../clock.ts";
import type { LocalLog, RecordBatch, Subscription } from "../contract.ts";
import { FencedError } from "../contract.ts";
import { type Refused, RelayDelivery } from "./delivery.ts";
import type { RelayLease } from "./lease.ts";
import type { RelayMetrics } from "./metrics.ts";
import { RELAY_GROUP } from "./schema.ts";
import type { RelayTarget, RelayTopic } from "./target.ts";
import { prepareTopics } from "./prepare.ts";
import type { RelayTrouble } from "./trouble.ts";
import { retryDelay, type RetryPolicy } from "../stream/retry.ts";

/** How much a relay has under way, for each topic. */
export interface RelayBatch {
  /**
   * Records sent whose offset is not committed yet, at most: what is sent again after a crash of ours. Default 1,000.
   */
  maxRecords: number;
  /** Bytes of one request to a partition, but for the first record. Default 900,000. */
  maxBytes: number;
}

/** What the relay of one topic works with. */
export interface RelayTopicOptions {
  /** Takes what no caller is told. */
  log: LocalLog;
  /** Where records are sent. */
  target: RelayTarget;
  /** The topic. */
  topic: RelayTopic;
  /** The lease it works under. */
  lease: RelayLease;
  /** How much may be under way. */
  batch: RelayBatch;
  /** What is counted. */
  metrics: RelayMetrics;
  /** Keeps why nothing moves. */
  trouble: RelayTrouble;
  /** Takes what no caller is told. */
  logger: Logger;
  /** What time it is, and how to wait. */
  clock: Clock;
  /** From 0 to 1. */
  random(): number;
  /** How waits between attempts grow. */
  retry: RetryPolicy;
  /** Called after each commit. */
  onCommit(): void;
}

/** Milliseconds one `receive` waits at most. */
const WAIT_MS = 1_000;
/** Milliseconds after which the target's partitions are counted again. */
const PREPARED_MS = 300_000;

/**
 * Sends one topic on: batches of different partitions side by side, those of one partition one after the other, and
 * each partition's offset moves when its batch is acknowledged.
 */
export class RelayOfTopic {
  readonly #options: RelayTopicOptions;
  readonly #delivery: RelayDelivery;
  readonly #lanes = new Map<number, Promise<void>>();
  #prepared: { partitions: Promise<number>; at: number } | undefined;
  #underWay = 0;
  #room: (() => void) | undefined;

  /** Opens nothing yet; see `run`. */
  constructor(options: RelayTopicOptions) {
    this.#options = options;
    const { target, topic, metrics, trouble, logger: log, clock, random, retry } = options;
    this.#delivery = new RelayDelivery({
      ...{ target, topic, metrics, trouble, log, clock, random, retry },
      prepare: () => this.#prepare(),
      forget: () => this.#prepared = undefined,
    });
  }

  /**
   * Runs until `stop` aborts; what is under way is finished, unless `drop` aborts.
   * @throws {FencedError} another relays this file now.
   */
  async run(stop: AbortSignal, drop: AbortSignal): Promise<void> {
    const { log, topic: { local } } = this.#options;
    const failing = new AbortController();
    const stopped = AbortSignal.any([stop, drop, failing.signal]);
    stopped.addEventListener("abort", () => this.#room?.(), { once: true });
    const dropped = AbortSignal.any([drop, failing.signal]);
    await using subscription = await log.open({ group: RELAY_GROUP, topics: [local], from: "earliest" });
    let failure: unknown;
    while (!stopped.aborted) {
      await this.#untilRoom(stopped);
      if (stopped.aborted) break;
      const batch = await subscription.receive({
        max: Math.min(
          Math.ceil(this.#options.batch.maxRecords / 2),
          this.#options.batch.maxRecords - this.#underWay,
        ),
        maxBytes: this.#options.batch.maxBytes,
        waitMs: WAIT_MS,
        signal: stopped,
      });
      if (batch === null) continue;
      this.#enter(batch, () => this.#relay(subscription, batch, dropped), (error) => {
        failure ??= error;
        failing.abort(error);
      });
    }
    await Promise.all(this.#lanes.values());
    if (failure !== undefined && !drop.aborted) throw failure;
  }

  /** Queues a batch behind those of its partition. */
  #enter(batch: RecordBatch, work: () => Promise<void>, failed: (error: unknown) => void): void {
    const { partition, records } = batch;
    this.#underWay += records.length;
    const before = this.#lanes.get(partition) ?? Promise.resolve();
    const lane = before.then(work).catch(failed).finally(() => {
      this.#underWay -= records.length;
      if (this.#lanes.get(partition) === lane) this.#lanes.delete(partition);
      this.#room?.();
    });
    this.#lanes.set(partition, lane);
  }

  async #relay(subscription: Subscription, batch: RecordBatch, drop: AbortSignal): Promise<void> {
    drop.throwIfAborted();
    const refused = await this.#delivery.deliver(batch, drop);
    await this.#commit(subscription, batch, refused, drop);
    const { metrics, onCommit } = this.#options;
    metrics.relayed.inc({ topic: batch.topic }, batch.records.length - refused.length);
    onCommit();
  }

  /** What is acknowledged is not sent again because the file is locked or full for a while. */
  async #commit(
    subscription: Subscription,
    batch: RecordBatch,
    refused: readonly Refused[],
    drop: AbortSignal,
  ) {
    const { lease, log, clock, random, retry, logger } = this.#options;
    const { topic, partition } = batch;
    const offset = batch.records.at(-1)?.offset ?? 0;
    for (let failed = 1;; failed++) {
      try {
        return await subscription.commit({
          through: { topic, partition, offset },
          write(tx) {
            lease.check(tx);
            for (const { offset, reason } of refused) {
              tx.run(
                "INSERT OR REPLACE INTO relay_refused (topic, partition, offset, reason, at) VALUES (?, ?, ?, ?, ?)",
                ...[topic, partition, offset, reason, Math.round(clock.now())],
              );
            }
          },
        });
      } catch (error) {
        if (error instanceof FencedError || !log.isRetryable(error) || drop.aborted) throw error;
        logger.warn("Cannot move the relay's offset; trying again", { topic, partition, error });
        await clock.sleep(retryDelay(failed, retry, random), drop);
      }
    }
  }

  #prepare(): Promise<number> {
    const { clock } = this.#options;
    const now = clock.now();
    if (this.#prepared === undefined || now - this.#prepared.at > PREPARED_MS) {
      this.#prepared = { at: now, partitions: this.#partitions() };
    }
    return this.#prepared.partitions;
  }

  async #partitions(): Promise<number> {
    const { target, topic: { spec }, logger } = this.#options;
    await target.topicsTried;
    const [partitions = spec.partitions] = await prepareTopics(target.topics, [spec], logger);
    return partitions;
  }

  async #untilRoom(signal: AbortSignal): Promise<void> {
    while (this.#underWay >= this.#options.batch.maxRecords && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#room = resolve;
      await promise;
    }
    this.#room = undefined;
  }
}
