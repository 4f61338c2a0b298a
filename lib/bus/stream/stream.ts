import type { Health } from "../../telemetry/health.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Meter } from "../../telemetry/metrics.ts";
import { BatchReader } from "./batch_reader.ts";
import { caughtUp } from "./caught_up.ts";
import type { Clock } from "../clock.ts";
import {
  type BusDriver,
  FencedError,
  type PartitionLag,
  type RecordBatch,
  type StartFrom,
  type Subscription,
} from "../contract.ts";
import type { StreamHandle, StreamHandler } from "../handler.ts";
import type { Pace } from "../pace.ts";
import { Progress } from "./progress.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "./retry.ts";
import { streamMetrics } from "./metrics.ts";
import { AbandonedError, StreamWork } from "./work.ts";

/** How a stream is made; defaults are filled in, topics have their real names. */
export interface StreamSpec {
  /** For logs, metrics and health: `tapes/tapes-deriver`. */
  name: string;
  group: string;
  /** Real names. */
  topics: readonly string[];
  from: StartFrom;
  maxRecords: number;
  maxBytes: number;
  lingerMs: number;
  /** Logical name. */
  outputTopic?: string;
  /** At least 1. */
  attempts: number;
}

/** What a stream works with. */
export interface StreamOptions {
  spec: StreamSpec;
  driver: Pick<BusDriver, "open" | "lag" | "isRetryable">;
  handler: StreamHandler;
  /** Real name of a logical topic, and back. */
  realName(topic: string): string;
  logicalName(topic: string): string;
  log: Logger;
  meter: Meter;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
  /** Rests between batches, for a stream beside a busy thread. */
  pace?: Pace;
  /** Called after each commit. */
  onCommit?(): void;
}

/** Milliseconds one `receive` waits at most. */
const WAIT_MS = 1_000;

/** Reads topics in batches for one handler, until it is stopped. */
export class Stream implements StreamHandle {
  readonly spec: StreamSpec;
  readonly #options: StreamOptions;
  readonly #log: Logger;
  readonly #work: StreamWork;
  readonly #metrics: ReturnType<typeof streamMetrics>;
  readonly #progress = new Progress();
  /** Aborts when no new batch shall begin. */
  readonly #closing = new AbortController();
  /** Aborts when the batch under way shall be dropped. */
  readonly #dropping = new AbortController();
  #gate: { open: Promise<void>; release(): void } | null = null;
  #receiving = new AbortController();
  #current: { topic: string; partition: number; controller: AbortController } | null = null;
  #trouble: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.spec = options.spec;
    this.#log = options.log.child({ stream: options.spec.name });
    this.#metrics = streamMetrics(options.meter, options.spec.name);
    this.#work = new StreamWork({
      ...options,
      group: options.spec.group,
      attempts: options.spec.attempts,
      outputTopic: options.spec.outputTopic,
      isRetryable: (error) => options.driver.isRetryable(error),
      events: {
        handled: (records, seconds) => this.#metrics.handled(records, seconds),
        retrying: (error, attempt, delayMs) => {
          this.#metrics.retried();
          this.#log.warn("A batch failed and is tried again.", {
            attempt,
            delay_ms: Math.round(delayMs),
            error,
          });
        },
        deadLettered: (record, error) => {
          this.#metrics.deadLettered();
          const { topic, partition, offset } = record;
          this.#log.error("A record was given up and set aside.", { topic, partition, offset, error });
        },
        commitFailing: (error, attempt, delayMs) => this.#failing("commit", error, attempt, delayMs),
      },
    });
  }

  /** Begins to read; failures to open are retried in the background. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Whether it was paused. */
  get paused(): boolean {
    return this.#gate !== null;
  }

  /** No new batch begins until `resume`; the one under way is finished. */
  pause(): void {
    if (this.#gate) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = { open: promise, release: resolve };
    this.#receiving.abort();
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#gate?.release();
    this.#gate = null;
  }

  /** Resolves when everything appended before this call is handled. Rejects when `signal` aborts. */
  caughtUp(signal?: AbortSignal): Promise<void> {
    const { driver, clock, spec } = this.#options;
    const progress = (until: AbortSignal) => this.#progress.next(until);
    return caughtUp({ driver, group: spec.group, topics: spec.topics, clock, progress, signal });
  }

  /** How far it is behind, by partition. */
  partitions(): Promise<PartitionLag[]> {
    return this.#options.driver.lag(this.spec.group, this.spec.topics);
  }

  /** Records not yet handled. */
  async lag(): Promise<number> {
    return (await this.partitions()).reduce((sum, each) => sum + each.lag, 0);
  }

  /** `degraded` while the bus or the store refuses. */
  health(): Health {
    if (this.#trouble !== undefined) return { status: "degraded", detail: this.#trouble };
    return this.paused ? { status: "degraded", detail: "paused" } : { status: "ok" };
  }

  /**
   * Finishes the batch under way and leaves the group. When `signal` aborts, the batch is dropped: it was not
   * committed and is delivered again. Safe unstarted and twice.
   */
  async stop(signal?: AbortSignal): Promise<void> {
    this.#closing.abort();
    this.resume();
    this.#receiving.abort();
    const drop = () => this.#dropping.abort(new AbandonedError("the stream stops"));
    if (signal?.aborted) drop();
    signal?.addEventListener("abort", drop, { once: true });
    try {
      await this.#loop;
    } finally {
      signal?.removeEventListener("abort", drop);
    }
  }

  async #run(): Promise<void> {
    const { clock, random, retry = DEFAULT_RETRY } = this.#options;
    for (let failures = 0; !this.#closing.signal.aborted;) {
      try {
        await this.#read(() => {
          failures = 0;
          this.#recovered();
        });
      } catch (error) {
        failures++;
        const delayMs = retryDelay(failures, retry, random);
        this.#failing("read", error, failures, delayMs);
        await clock.sleep(delayMs, this.#closing.signal);
      }
    }
  }

  /** Opens and reads until closing; throws what `open`, `receive` or an incurable commit threw. */
  async #read(alive: () => void): Promise<void> {
    const { driver, spec, clock } = this.#options;
    const ahead: { reader?: BatchReader } = {};
    await using subscription = await driver.open({
      group: spec.group,
      topics: spec.topics,
      from: spec.from,
      onRevoked: (partitions) => {
        for (const { topic, partition } of partitions) {
          ahead.reader?.forget(topic, partition);
          if (this.#current?.topic === topic && this.#current.partition === partition) {
            this.#current.controller.abort(new AbandonedError("the partition went to another member"));
          }
        }
      },
    });
    const reader = ahead.reader = new BatchReader(subscription, spec, clock);
    alive();
    while (!this.#closing.signal.aborted) {
      if (this.#gate) {
        await this.#gate.open;
        continue;
      }
      this.#receiving = new AbortController();
      const batch = await reader.next(WAIT_MS, this.#receiving.signal);
      if (batch === null) continue;
      const handle = () => this.#handle(subscription, batch);
      const oldest = batch.records[0]?.timestamp ?? 0;
      await (this.#options.pace?.keep(oldest, handle, this.#closing.signal) ?? handle());
    }
  }

  async #handle(subscription: Subscription, batch: RecordBatch): Promise<void> {
    const { topic, partition } = batch;
    const controller = new AbortController();
    this.#current = { topic, partition, controller };
    try {
      const drop = AbortSignal.any([controller.signal, this.#dropping.signal]);
      await this.#work.run(subscription, batch, { drop, hurry: this.#closing.signal });
      this.#metrics.committed(batch.records.length);
      this.#recovered();
      this.#progress.made();
      this.#options.onCommit?.();
    } catch (error) {
      if (error instanceof FencedError || (error instanceof AbandonedError && controller.signal.aborted)) {
        this.#log.info("A partition went to another member; its batch is dropped here.", {
          topic,
          partition,
        });
      } else if (!(error instanceof AbandonedError)) {
        throw error;
      }
    } finally {
      this.#current = null;
    }
  }

  #failing(what: "read" | "commit", error: unknown, attempt: number, delayMs: number): void {
    const sentence = what === "read"
      ? "The stream can't read; it tries again."
      : "A commit failed; it is tried again.";
    // Once said, the state is in health and metrics; a log line for each attempt helps nobody.
    const line = this.#trouble === undefined ? "warn" : "debug";
    this.#trouble = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    this.#log[line](sentence, { attempt, delay_ms: Math.round(delayMs), error });
  }

  #recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#log.info("The stream works again.");
  }
}
