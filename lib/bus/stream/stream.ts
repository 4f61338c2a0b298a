import { abortable } from "../abortable.ts";
import type { PartitionLag } from "../contract.ts";
import type { RebuildOptions, Rebuilt, StreamHandle } from "../handler.ts";
import type { Health } from "../../telemetry/health.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { StreamArrival } from "./arrival.ts";
import { caughtUp } from "./caught_up.ts";
import { Gate } from "./gate.ts";
import { type StreamMetrics, streamMetrics } from "./metrics.ts";
import { StreamOpening } from "./opening.ts";
import { Progress } from "./progress.ts";
import { type ReplayFigures, ReplayProgress } from "./replay_progress.ts";
import { DEFAULT_RETRY, retryDelay } from "./retry.ts";
import { Session } from "./session.ts";
import { DEFAULT_CONCURRENCY, type StreamOptions, type StreamSpec } from "./stream_options.ts";
import { streamWork } from "./stream_work.ts";
import { Troubles } from "./troubles.ts";
import { AbandonedError, GaveUpError, type StreamWork } from "./work.ts";

/** What health says of a stream that its agent holds. */
export function heldDetail(reason: string): string {
  return `waits: ${reason}; it goes on by itself`;
}

/** Reads topics in batches for one handler, until it is stopped. */
export class Stream implements StreamHandle {
  readonly spec: StreamSpec;
  readonly #options: StreamOptions;
  readonly #log: Logger;
  readonly #work: StreamWork;
  readonly #opening: StreamOpening;
  readonly #metrics: StreamMetrics;
  readonly #troubles: Troubles;
  readonly #progress = new Progress();
  readonly #gate = new Gate();
  /** Aborts when no new batch shall begin. */
  readonly #closing = new AbortController();
  /** Aborts when what is under way shall be dropped. */
  readonly #quitting = new AbortController();
  readonly #replayed = new ReplayProgress(() => this.#replaying());
  #session: Session | undefined;
  /** What prepares the partitions of the session, once it is open. */
  #arrival: StreamArrival | undefined;
  /** Told how far it is, while the state is made anew. */
  #rebuilding: ((figures: ReplayFigures) => void) | undefined;
  /** Resolves when the state is whole. */
  #whole: Promise<void> = Promise.resolve();
  #gaveUp: GaveUpError | undefined;
  #paused = false;
  #held: string | undefined;
  #loop: Promise<void> | undefined;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.spec = options.spec;
    this.#log = options.log.child({ stream: options.spec.name });
    this.#metrics = streamMetrics(options.meter, options.spec.name);
    this.#troubles = new Troubles(this.#log);
    const parts = { log: this.#log, metrics: this.#metrics, troubles: this.#troubles };
    this.#opening = new StreamOpening(options, {
      ...parts,
      gate: this.#gate,
      replayed: this.#replayed,
      quit: this.#quitting.signal,
    });
    this.#work = streamWork(options, {
      ...parts,
      handled: (records, seconds) => this.#metrics.handled(records, seconds),
      deadLettered: (record, error) => {
        this.#metrics.deadLettered();
        const { topic, partition, offset } = record;
        this.#log.error("A record was given up and set aside.", { topic, partition, offset, error });
      },
    });
  }

  /** Begins to read; failures to open are retried in the background. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Whether it was paused. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Why its agent holds it; `undefined` while it does not. */
  get held(): string | undefined {
    return this.#held;
  }

  /** Whether it stopped at a record it can't handle; it starts again with the agent. */
  get failed(): boolean {
    return this.#gaveUp !== undefined;
  }

  /** No new batch begins until `resume`; those under way are finished. */
  pause(): void {
    this.#paused = true;
    this.#shut();
  }

  /** Reads on after `pause`. */
  resume(): void {
    this.#paused = false;
    this.#letThrough();
  }

  /** The same for its agent's own reasons, beside `pause`: no new batch begins while there is one. */
  hold(reason: string | undefined): void {
    this.#held = reason;
    if (reason === undefined) this.#letThrough();
    else this.#shut();
  }

  /**
   * Resolves when everything appended before this call is handled. Rejects when `signal` aborts, and where the stream
   * stopped at a record it can't handle.
   */
  async caughtUp(signal?: AbortSignal): Promise<void> {
    const { driver, clock, spec } = this.#options;
    const progress = async (until: AbortSignal) => {
      await this.#progress.next(until);
      if (this.#gaveUp) throw this.#gaveUp;
    };
    if (this.#gaveUp) throw this.#gaveUp;
    await abortable(this.#whole, signal);
    await caughtUp({ driver, group: spec.group, topics: spec.topics, clock, progress, signal });
  }

  /** How far it is behind, by partition. */
  partitions(): Promise<PartitionLag[]> {
    return this.#options.driver.lag(this.spec.group, this.spec.topics);
  }

  /** Records not yet handled. */
  async lag(): Promise<number> {
    return (await this.partitions()).reduce((sum, each) => sum + each.lag, 0);
  }

  /**
   * Empties the state of the partitions that are here and makes it anew, then goes on. See `StreamHandle`.
   * @throws {TypeError} it keeps no state.
   */
  async rebuild({ signal, onProgress }: RebuildOptions = {}): Promise<Rebuilt> {
    const refused = this.#rebuildProblem();
    if (refused !== undefined) {
      throw new TypeError(`Cannot make the state of stream ${this.spec.name} anew: ${refused}`);
    }
    signal?.throwIfAborted();
    this.#rebuilding = (figures) => onProgress?.(figures);
    const before = this.#replayed.records;
    const work = this.#rebuild().then((partitions) => ({
      partitions,
      records: this.#replayed.records - before,
    })).finally(() => this.#rebuilding = undefined);
    // Who waits no longer is not told of its end.
    this.#whole = work.then(() => undefined, () => undefined);
    return await abortable(work, signal);
  }

  /** `degraded` while the bus or the store refuses, and where it stopped at a record it can't handle. */
  health(): Health {
    if (this.#gaveUp) return { status: "degraded", detail: `stopped: ${this.#gaveUp.message}` };
    const { detail } = this.#troubles;
    if (detail !== undefined) return { status: "degraded", detail };
    if (this.#held !== undefined) return { status: "degraded", detail: heldDetail(this.#held) };
    if (this.#rebuilding) {
      const { done, total } = this.#replayed.figures ?? { done: 0, total: 0 };
      const detail = `makes its state anew: ${done} of ${total} offsets; it goes on by itself`;
      return { status: "degraded", detail };
    }
    return this.paused ? { status: "degraded", detail: "paused" } : { status: "ok" };
  }

  /**
   * Finishes the batches under way and leaves the group. When `signal` aborts, they are dropped: what was not committed
   * is delivered again. Safe unstarted and twice.
   */
  async stop(signal?: AbortSignal): Promise<void> {
    this.#closing.abort();
    this.#gate.open();
    const quit = () => this.#quitting.abort(new AbandonedError("the stream stops"));
    if (signal?.aborted) quit();
    signal?.addEventListener("abort", quit, { once: true });
    try {
      await this.#loop;
    } finally {
      signal?.removeEventListener("abort", quit);
    }
  }

  #shut(): void {
    this.#gate.close();
    this.#session?.wake();
  }

  #letThrough(): void {
    if (!this.#paused && this.#held === undefined) this.#gate.open();
  }

  async #run(): Promise<void> {
    const { clock, random, retry = DEFAULT_RETRY } = this.#options;
    for (let failures = 0; !this.#closing.signal.aborted;) {
      try {
        await this.#read(() => {
          failures = 0;
          this.#troubles.over("read");
        });
      } catch (error) {
        if (error instanceof GaveUpError) return this.#stoppedAt(error);
        failures++;
        const delayMs = retryDelay(failures, retry, random);
        const sentence = "The stream can't read; it tries again.";
        this.#troubles.add({ key: "read", sentence, error, attempt: failures, delayMs });
        await clock.sleep(delayMs, this.#closing.signal);
      }
    }
  }

  /** Opens and works until closing; throws what `open`, `receive` or an incurable commit threw. */
  async #read(alive: () => void): Promise<void> {
    const { spec, clock, pace } = this.#options;
    const session = this.#session = new Session({
      bounds: spec,
      concurrency: spec.concurrency ?? DEFAULT_CONCURRENCY,
      together: spec.together,
      work: this.#work,
      gate: this.#gate,
      pace,
      clock,
      log: this.#log,
      metrics: this.#metrics,
      troubles: this.#troubles,
      closing: this.#closing.signal,
      quit: this.#quitting.signal,
      onHandled: () => {
        this.#progress.made();
        this.#options.onCommit?.();
      },
    });
    const { subscription, arrival } = await this.#opening.open(session);
    await using reading = subscription;
    this.#arrival = arrival;
    this.#progress.made();
    alive();
    try {
      await session.run(reading);
    } finally {
      this.#arrival = undefined;
    }
  }

  /** Makes the state anew, in another session where one ends meanwhile; gives of how many partitions. */
  async #rebuild(): Promise<number> {
    const { name } = this.spec;
    for (;;) {
      if (this.#gaveUp) throw this.#gaveUp;
      if (this.#closing.signal.aborted) {
        throw new AbandonedError(
          `Cannot make the state of stream ${name} anew: it stops; the next start goes on with it`,
        );
      }
      const [session, arrival] = [this.#session, this.#arrival];
      const partitions = session && arrival ? await session.renew(arrival) : null;
      if (partitions !== null) return partitions;
      // The next session, or the end.
      if (this.#arrival === arrival) await this.#progress.next(this.#closing.signal);
    }
  }

  #rebuildProblem(): string | undefined {
    const { reset, driver } = this.#options;
    if (reset === undefined || driver.rowStore === undefined) {
      return "its handler keeps none; say so with state";
    }
    return this.#rebuilding ? "it is being made already; wait for that" : undefined;
  }

  #replaying(): void {
    const { done, total } = this.#replayed.figures ?? { done: 0, total: 0 };
    this.#metrics.replaying(total - done);
    if (this.#replayed.figures) this.#rebuilding?.({ done, total });
  }

  #stoppedAt(error: GaveUpError): void {
    this.#gaveUp = error;
    this.#troubles.clear();
    this.#metrics.stopped();
    const { topic, partition, offset } = error.record;
    this.#log.error("A record can't be handled; the stream stops until the agent starts again.", {
      topic,
      partition,
      offset,
      error: error.cause,
    });
    this.#progress.made();
  }
}
