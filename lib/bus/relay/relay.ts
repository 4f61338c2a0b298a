import type { Store } from "../../store/contract.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Meter } from "../../telemetry/metrics.ts";
import type { Clock } from "../clock.ts";
import type { LocalLog } from "../contract.ts";
import { LEASE_TIMES, type LeaseTimes, RelayLease } from "./lease.ts";
import { type RelayMetrics, relayMetrics } from "./metrics.ts";
import { RELAY_MIGRATIONS, RELAY_OWNER } from "./schema.ts";
import { type OutboxStatus, outboxStatus } from "./status.ts";
import type { RelayTarget, RelayTopic } from "./target.ts";
import { type RelayBatch, RelayOfTopic } from "./topic.ts";
import { RelayTrouble } from "./trouble.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "../stream/retry.ts";

/** What a relay works with. */
export interface RelayOptions {
  /** The store of the log. */
  store: Store;
  /** Takes what no caller is told. */
  log: LocalLog;
  /** Where records are sent. */
  target: RelayTarget;
  /** Only these are sent on. Their local topics must exist. */
  topics: readonly RelayTopic[];
  /** Names this process in the lease: `host:pid`. */
  holder: string;
  /** Takes what no caller is told. */
  logger: Logger;
  /** Makes the metrics. */
  meter: Meter;
  /** What time it is, and how to wait. */
  clock: Clock;
  /** From 0 to 1, for the jitter of waits. */
  random(): number;
  /** How much may be under way. */
  batch?: Partial<RelayBatch>;
  /** The lease it works under. */
  lease?: Partial<LeaseTimes>;
  /** How waits between attempts grow. */
  retry?: RetryPolicy;
  /** Called once it has ended; awaited by `close`. */
  onClosed?(): Promise<void>;
}

/** What the relay is doing. */
export type RelayState = "stopped" | "waiting for the lease" | "relaying";

/** Milliseconds `close` gives batches under way to be acknowledged. */
const CLOSE_MS = 2_000;

/** Sends the local log on to Kafka, as one of its consumer groups. One per file relays; others wait their turn. */
export class Relay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #metrics: RelayMetrics;
  readonly #trouble: RelayTrouble;
  readonly #stopping = new AbortController();
  readonly #dropping = new AbortController();
  readonly #waiting = new Set<() => void>();
  #state: RelayState = "stopped";
  #running: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  /** Does nothing before `start`. */
  constructor(options: RelayOptions) {
    this.#options = options;
    this.#trouble = new RelayTrouble(options.store, options.logger, () => options.clock.now());
    this.#metrics = relayMetrics(options.meter, () => this.#closed ? undefined : this.#read());
  }

  /** Begins in the background, whether Kafka is there or not. Twice is once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** How far it is; the same as `outboxStatus` of the file, and what this process is doing. */
  status(): { state: RelayState; outbox: OutboxStatus | undefined; trouble: string | undefined } {
    return { state: this.#state, outbox: this.#read(), trouble: this.#trouble.reason };
  }

  /** Told by the target why sends hang, and `undefined` when they move: it waits without rejecting. */
  readonly hangs = (error: unknown | undefined): void => {
    if (error === undefined) this.#trouble.end("");
    else this.#trouble.begin("", error);
  };

  /** Resolves when everything in the log is sent (by whichever process relays), or rejects when `signal` aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const status = this.#read();
      if (status !== undefined && status.lag === 0) return;
      await this.#nextCommit(signal);
    }
  }

  /** Ends: no new batches, those under way get a moment, the lease is given up. Safe twice and unstarted. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    const ended = new AbortController();
    const running = this.#running?.finally(() => ended.abort());
    await this.#options.clock.sleep(running ? CLOSE_MS : 0, ended.signal);
    this.#dropping.abort(new Error("Cannot finish the batch: the relay was closed"));
    await running;
    await this.#trouble.settled();
    await this.#options.onClosed?.();
  }

  async #run(): Promise<void> {
    const { store, topics, clock, logger, random, holder, retry = DEFAULT_RETRY } = this.#options;
    const signal = this.#stopping.signal;
    for (let failed = 1; !signal.aborted; failed++) {
      try {
        await store.migrate(RELAY_OWNER, RELAY_MIGRATIONS);
        this.#state = "waiting for the lease";
        await using lease = await RelayLease.acquire(store, holder, {
          clock,
          times: { ...LEASE_TIMES, ...this.#options.lease },
          signal,
          onWaiting: (other) => logger.info("Another process relays this file; waiting", { holder: other }),
        });
        if (lease === undefined) break;
        this.#state = "relaying";
        await store.write((tx) => {
          lease.check(tx);
          tx.run("DELETE FROM relay_topics");
          for (const { local, spec } of topics) {
            tx.run("INSERT INTO relay_topics (topic, target) VALUES (?, ?)", local, spec.name);
          }
        });
        await this.#relay(lease);
        failed = 0;
      } catch (error) {
        if (signal.aborted) break;
        logger.warn("The relay was interrupted; it begins again", { error });
      }
      await clock.sleep(retryDelay(Math.max(1, failed), retry, random), signal);
    }
    this.#state = "stopped";
  }

  /** Relays until it is stopped or the lease is lost. */
  async #relay(lease: RelayLease): Promise<void> {
    const { log, target, clock, random, logger, retry = DEFAULT_RETRY } = this.#options;
    const failing = new AbortController();
    const stop = AbortSignal.any([this.#stopping.signal, failing.signal]);
    const drop = AbortSignal.any([this.#dropping.signal, lease.lost]);
    const running = this.#options.topics.map(async (topic) => {
      try {
        await new RelayOfTopic({
          ...{ log, target, topic, lease, clock, random, logger, retry },
          metrics: this.#metrics,
          trouble: this.#trouble,
          batch: { maxRecords: 1_000, maxBytes: 900_000, ...this.#options.batch },
          onCommit: () => this.#committed(),
        }).run(stop, drop);
      } catch (error) {
        // The others stop too: they begin again together, under a lease that is looked at anew.
        failing.abort();
        throw error;
      }
    });
    const failures = (await Promise.allSettled(running)).filter((each) => each.status === "rejected");
    if (lease.lost.aborted) throw new Error("Cannot go on relaying: another process took over");
    if (failures[0] !== undefined) throw failures[0].reason;
  }

  #read(): OutboxStatus | undefined {
    return this.#options.store.read((db) => outboxStatus(db, this.#options.clock.now()));
  }

  #committed(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Another process may be the one that commits, so the file is looked at now and then too. */
  async #nextCommit(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiting.add(wake);
    await this.#options.clock.sleep(100, AbortSignal.any([signal, woken.signal]));
    this.#waiting.delete(wake);
  }
}
