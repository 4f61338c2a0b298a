import type { Store, Transaction } from "../../store/contract.ts";
import type { Health } from "../../telemetry/health.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Meter } from "../../telemetry/metrics.ts";
import { type PartitionHooks, StreamArrival } from "./arrival.ts";
import { abortable } from "../abortable.ts";
import { CatchUp, type RowsKeeper } from "./catch_up.ts";
import { caughtUp } from "./caught_up.ts";
import type { Clock } from "../clock.ts";
import type { OpenOptions, PartitionLag, StartFrom, Subscription } from "../contract.ts";
import { Gate } from "./gate.ts";
import type { RebuildOptions, Rebuilt, StreamHandle, StreamHandler } from "../handler.ts";
import { LocalState } from "./local_state.ts";
import { OverlappedCommits } from "./overlapped_commits.ts";
import type { Pace } from "../pace.ts";
import { Progress } from "./progress.ts";
import { Replay } from "./replay.ts";
import { type ReplayFigures, ReplayProgress } from "./replay_progress.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "./retry.ts";
import { FencedRows, type Place, type StreamDriver } from "./rows_first.ts";
import { Session } from "./session.ts";
import { type StreamMetrics, streamMetrics } from "./metrics.ts";
import { Troubles } from "./troubles.ts";
import type { WorkWatch } from "./watch.ts";
import { TopicCodecs } from "../topic_codecs.ts";
import { AbandonedError, GaveUpError, StreamWork, type WorkEvents } from "./work.ts";

/** How a stream is made; defaults are filled in, topics have their real names. Plain data: it reaches the Worker. */
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
  /** Partitions worked on side by side, at least 1. Default 8. */
  concurrency?: number;
  /** Default "exactly-once". */
  delivery?: "exactly-once" | "at-least-once";
  /** Logical name. */
  outputTopic?: string;
  /** At least 1. */
  attempts: number;
  /** What is given up goes to the dead-letter topic (default), or stops the stream. */
  onFailure?: "dead-letter" | "stop";
  /** Default "decoded". */
  values?: "decoded" | "bytes";
  /** Partitions of one number go to one member. Default false. */
  together?: boolean;
}

/** What a stream works with. */
export interface StreamOptions {
  spec: StreamSpec;
  driver: StreamDriver;
  handler: StreamHandler;
  /** Told when partitions come and go. */
  hooks?: PartitionHooks;
  /** Empties a partition's rows: the handler keeps state in them. Logical name of the topic. */
  reset?(tx: Transaction, partition: Place): void;
  /** Real name of a logical topic, and back. */
  realName(topic: string): string;
  logicalName(topic: string): string;
  /** What the values of topics are. Without it they are read as they lie, and written as JSON. */
  codecs?: TopicCodecs;
  log: Logger;
  meter: Meter;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
  /** Where a handler may end the thread. */
  watch?: WorkWatch;
  /** Rests between batches, for a stream beside a busy thread. */
  pace?: Pace;
  /** Called after each commit. */
  onCommit?(): void;
}

const DEFAULT_CONCURRENCY = 8;

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
    this.#work = this.#makeWork({
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
    await using subscription = await this.#open(session);
    alive();
    try {
      await session.run(subscription);
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

  /** Opens the bus, with rows beside it and commits beside the work where that is asked for. */
  async #open(session: Session): Promise<Subscription> {
    const { driver, spec, clock, random, retry = DEFAULT_RETRY, hooks = {} } = this.#options;
    const { group, topics, from, together } = spec;
    const open: OpenOptions = { group, topics, from, together, ...session.hooks };
    const plain = await driver.open(open);
    const apart = spec.delivery === "at-least-once" && driver.name !== "local" && driver.send !== undefined;
    const overlapped = apart ? this.#overlapped(plain) : undefined;
    const inner = overlapped ?? plain;
    const store = driver.name === "local" ? undefined : driver.rowStore;
    const rows = store && this.#fenced(inner, store, overlapped);
    const arrival = new StreamArrival({
      hooks,
      keeper: rows ? this.#caughtUp(rows) : this.#localState(inner),
      logicalName: (topic) => this.#options.logicalName(topic),
      concurrency: spec.concurrency ?? DEFAULT_CONCURRENCY,
      together: spec.together,
      clock,
      random,
      retry,
      log: this.#log,
      troubles: this.#troubles,
      signal: session.ended,
      ...(ofTheMoment(from) && {
        keepStart: ({ topic, partition }: Place, position: number) =>
          plain.commit({ through: { topic, partition, offset: position - 1 } }),
      }),
      ...(overlapped && { settled: (place: Place) => overlapped.ended(place) }),
    });
    session.receives(arrival);
    this.#arrival = arrival;
    this.#progress.made();
    return rows ?? inner;
  }

  /** Rows beside a bus that has none. */
  #caughtUp(rows: FencedRows): RowsKeeper {
    const reset = this.#reset;
    return new CatchUp({ rows, replay: this.#replay(), ...(reset && { reset }) });
  }

  /** Rows beside the offsets of the log, where they are state. */
  #localState(inner: Subscription): RowsKeeper | undefined {
    const { rowStore: store } = this.#options.driver;
    const reset = this.#reset;
    if (store === undefined || reset === undefined) return undefined;
    return new LocalState({ inner, store, group: this.spec.group, replay: this.#replay(), reset });
  }

  get #reset(): StreamOptions["reset"] {
    const { reset } = this.#options;
    return reset && ((tx, place) => reset(tx, this.#logical(place)));
  }

  #replay(): Replay {
    const { driver, spec } = this.#options;
    return new Replay({
      driver,
      group: spec.group,
      work: this.#makeWork({
        handled: (records) => this.#metrics.replayed(records),
        deadLettered: () => undefined,
      }),
      maxRecords: spec.maxRecords,
      maxBytes: spec.maxBytes,
      progress: this.#replayed,
      resumed: (signal) => this.#resumed(signal),
    });
  }

  #overlapped(inner: Subscription): OverlappedCommits {
    const { driver, clock, random, retry } = this.#options;
    const key = ({ topic, partition }: Place) => `offset ${partition}/${topic}`;
    const sentence = "An offset can't be committed; it is tried again.";
    return new OverlappedCommits({
      inner,
      send: async (outputs) => await driver.send?.(outputs, { signal: this.#quitting.signal }),
      isRetryable: (error) => driver.isRetryable(error),
      clock,
      random,
      retry,
      onFailing: (place, error, attempt, delayMs) => {
        this.#metrics.commitFailed();
        this.#troubles.add({ key: key(place), sentence, error, attempt, delayMs });
      },
      onRecovered: (place) => this.#troubles.over(key(place)),
      signal: this.#quitting.signal,
    });
  }

  #fenced(inner: Subscription, store: Store, overlapped: OverlappedCommits | undefined): FencedRows {
    return new FencedRows({
      inner,
      store,
      group: this.spec.group,
      always: this.#options.reset !== undefined,
      ...(overlapped && { acknowledged: (place: Place) => overlapped.acknowledged(place) }),
    });
  }

  #makeWork(events: Pick<WorkEvents, "handled" | "deadLettered">): StreamWork {
    const { spec, driver, codecs } = this.#options;
    return new StreamWork({
      ...this.#options,
      codecs: codecs ?? new TopicCodecs(),
      values: codecs ? spec.values : "bytes",
      group: spec.group,
      attempts: spec.attempts,
      onFailure: spec.onFailure,
      outputTopic: spec.outputTopic,
      isRetryable: (error) => driver.isRetryable(error),
      events: {
        ...events,
        retrying: (error, attempt, delayMs) => {
          this.#metrics.retried();
          this.#log.warn("A batch failed and is tried again.", {
            attempt,
            delay_ms: Math.round(delayMs),
            error,
          });
        },
        commitFailing: ({ topic, partition }, error, attempt, delayMs) => {
          this.#metrics.commitFailed();
          const sentence = "A commit failed; it is tried again.";
          this.#troubles.add({ key: `commit ${partition}/${topic}`, sentence, error, attempt, delayMs });
        },
      },
    });
  }

  #logical({ topic, partition }: Place): Place {
    return { topic: this.#options.logicalName(topic), partition };
  }

  /** Resolves when the stream is not paused, or when `signal` aborts. */
  async #resumed(signal: AbortSignal): Promise<void> {
    if (!this.#gate.closed || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([this.#gate.opened, promise]);
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

/** Whether the place it means is another one later. */
function ofTheMoment(from: StartFrom): boolean {
  return from === "latest" || (typeof from === "object" && "timestamp" in from);
}
