import type { Health } from "../../telemetry/health.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { errorChain } from "../../telemetry/plain.ts";
import type { RootMeter } from "../../telemetry/meter.ts";
import type { Counter } from "../../telemetry/metrics.ts";
import type { Clock } from "../clock.ts";
import type { RebuildOptions, Rebuilt } from "../handler.ts";
import type { PartitionHooks } from "../stream/arrival.ts";
import { Progress } from "../stream/progress.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "../stream/retry.ts";
import { WorkerPartitions } from "./partitions.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./protocol.ts";
import { Rebuilds } from "./rebuilds.ts";
import { Suspects, type WorkRange } from "./suspects.ts";
import { WorkNotes } from "./work_notes.ts";

/** What the main thread's side of the Worker needs. */
export interface WorkerHostOptions {
  /** What every Worker begins with. */
  start: Omit<WorkerStart, "paused" | "held" | "notes" | "suspects" | "gone">;
  /** For its deaths, and for what it says. */
  log: Logger;
  /** Where what it counts is added. */
  meter: RootMeter;
  /** For the waits between two Workers. */
  clock: Clock;
  /** 0 ≤ n < 1. */
  random(): number;
  /** How those waits grow. Default: as a stream's. */
  retry?: RetryPolicy;
  /** The Worker appended to these topics. */
  onAppended(topics: readonly string[]): void;
}

/** Milliseconds appends of the main thread are collected before the Worker is told. */
const POKE_MS = 10;
/** … while they come so often within one millisecond that telling it costs a busy thread too much. */
const BUSY_POKE_MS = 100;
const BUSY_APPENDS = 0.3;
/** Milliseconds a Worker told to drop its work has until it is ended. */
const DROP_MS = 1_000;

/** One background Worker: starts it, keeps it alive, passes on what it says. */
export class WorkerHost {
  /** Something was committed by the Worker. */
  readonly progress = new Progress();
  readonly #options: WorkerHostOptions;
  readonly #deaths: Counter;
  readonly #paused = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #appended = new Set<string>();
  /** What its streams read. */
  readonly #topics: ReadonlySet<string>;
  #held: string | undefined;
  #poke: ReturnType<typeof setTimeout> | undefined;
  #pokeMs = POKE_MS;
  /** Calls of `appended` since the Worker was told. */
  #appends = 0;
  #worker: Worker | undefined;
  /** What this Worker is at. */
  #notes = new WorkNotes();
  readonly #suspects: Suspects;
  readonly #partitions = new WorkerPartitions();
  readonly #rebuilds = new Rebuilds((message) => this.#send(message));
  /** What the last Worker was at when it died. */
  #underWay: readonly WorkRange[] = [];
  #health: Record<string, Health> = {};
  /** Names of Workers that died, whose leases the next one ends. */
  #gone: readonly string[] = [];
  #down: string | undefined = "not started";
  #crashes = 0;
  /** Deaths since it last committed something. */
  #failures = 0;
  #stopped: Promise<void> | undefined;
  #ended = Promise.withResolvers<void>();

  /** Starts nothing yet. */
  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.#topics = new Set(options.start.streams.flatMap(({ spec }) => spec.topics));
    this.#suspects = new Suspects(options.start.streams.map(({ spec }) => spec));
    this.#deaths = options.meter.counter({
      name: "capstan_worker_crashes_total",
      help: "Deaths of the background worker.",
    });
  }

  /**
   * Starts the Worker and resolves when its streams run. Later deaths are cured in the background.
   * @throws {Error} it could not start: the store can't be opened there, or a handler can't be loaded.
   */
  async start(): Promise<void> {
    const failed = await this.#launch();
    if (failed !== undefined) throw new Error(`Cannot start the background worker: ${failed}`);
  }

  /** The main thread appended to these topics. Cheap: the Worker is told once for many. */
  appended(topics: Iterable<string>): void {
    for (const topic of topics) if (this.#topics.has(topic)) this.#appended.add(topic);
    if (this.#appended.size === 0) return;
    this.#appends++;
    this.#poke ??= setTimeout(() => {
      this.#poke = undefined;
      this.#pokeMs = this.#appends / this.#pokeMs >= BUSY_APPENDS ? BUSY_POKE_MS : POKE_MS;
      this.#appends = 0;
      this.#send({ kind: "appended", topics: [...this.#appended] });
      this.#appended.clear();
    }, this.#pokeMs);
  }

  /** Pauses a stream, over restarts of the Worker too. */
  pause(stream: string): void {
    this.#paused.add(stream);
    this.#send({ kind: "pause", stream });
  }

  /** Lets it go on. */
  resume(stream: string): void {
    this.#paused.delete(stream);
    this.#send({ kind: "resume", stream });
  }

  /** Holds all streams for the agent's own reasons, over restarts of the Worker too; without a reason they go on. */
  hold(reason: string | undefined): void {
    const changed = (reason === undefined) !== (this.#held === undefined);
    this.#held = reason;
    if (changed) this.#send({ kind: "hold", ...(reason !== undefined && { reason }) });
  }

  /** Who is told of a stream's partitions, as a stream of this thread tells them. */
  watch(stream: string, hooks: PartitionHooks): void {
    this.#partitions.watch(stream, hooks);
  }

  /** Makes a stream's state anew; rejects where it can't be, or the Worker ends before. */
  rebuild(stream: string, onProgress?: RebuildOptions["onProgress"]): Promise<Rebuilt> {
    if (!this.#worker) return Promise.reject(new Error(`the background worker is down: ${this.#down}`));
    return this.#rebuilds.begin(stream, onProgress);
  }

  /** Why all streams are held; `undefined` while they are not. */
  get held(): string | undefined {
    return this.#held;
  }

  /** Whether a stream was paused. */
  paused(stream: string): boolean {
    return this.#paused.has(stream);
  }

  /** Health of the Worker (`worker`) and of what it said of its parts, by name. */
  health(): Readonly<Record<string, Health>> {
    const worker: Health = this.#down === undefined
      ? { status: "ok", ...(this.#crashes > 0 && { figures: { restarts: this.#crashes } }) }
      : { status: "degraded", detail: `down: ${this.#down}` };
    return { worker, ...this.#health };
  }

  /** Lets it finish what is under way and ends it; when `signal` aborts, work is dropped. Safe unstarted and twice. */
  stop(signal?: AbortSignal): Promise<void> {
    this.#stopped ??= this.#stop(signal);
    return this.#stopped;
  }

  async #stop(signal: AbortSignal | undefined): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#poke);
    const worker = this.#worker;
    if (!worker) return;
    let over: ReturnType<typeof setTimeout> | undefined;
    const drop = () => {
      this.#send({ kind: "drop" });
      over = setTimeout(() => this.#ended.resolve(), DROP_MS);
    };
    this.#send({ kind: "stop" });
    if (signal?.aborted) drop();
    signal?.addEventListener("abort", drop, { once: true });
    await this.#ended.promise;
    signal?.removeEventListener("abort", drop);
    clearTimeout(over);
    worker.terminate();
    this.#worker = undefined;
    this.#down = "stopped";
    await this.#forget("it stopped");
  }

  /** What was asked of a Worker that is no more, and what it had. */
  async #forget(reason: string): Promise<void> {
    this.#rebuilds.lost(reason);
    for (const error of await this.#partitions.lost()) {
      this.#options.log.error("What is told of partitions that went failed.", { error });
    }
  }

  /** Starts a Worker; resolves when it is ready, or with the reason why it is not. */
  #launch(): Promise<string | undefined> {
    const ready = Promise.withResolvers<string | undefined>();
    const worker = new Worker(new URL("./main.ts", import.meta.url), {
      type: "module",
      name: "capstan",
    });
    this.#worker = worker;
    const owner = `${this.#options.start.owner}/${crypto.randomUUID().slice(0, 8)}`;
    const died = (reason: string) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      worker.terminate();
      this.#down = reason;
      this.#gone = [...this.#gone, owner];
      this.#underWay = this.#suspects.died(this.#notes.read(), reason);
      void this.#forget(reason);
      this.#ended.resolve();
      ready.resolve(reason);
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "ready") {
        this.#down = undefined;
        this.#gone = [];
        ready.resolve(undefined);
      } else if (data.kind === "failed") died(data.error);
      else this.#take(data, worker);
    };
    worker.onerror = (event) => {
      // Without this the whole process would end with the Worker.
      event.preventDefault();
      died(event.message);
    };
    worker.onmessageerror = () => died("a message could not be read");
    void ready.promise.then((failed) => {
      if (failed === undefined) this.#watch(worker);
    });
    this.#notes = new WorkNotes();
    const start: WorkerStart = {
      ...this.#options.start,
      owner,
      gone: this.#gone,
      notes: this.#notes.memory,
      suspects: this.#suspects.list(),
      paused: [...this.#paused],
      ...(this.#held !== undefined && { held: this.#held }),
    };
    const first: ToWorker = { kind: "start", start };
    worker.postMessage(first);
    return ready.promise;
  }

  /** Starts the next Worker when this one has died. */
  #watch(worker: Worker): void {
    const onDeath = async () => {
      const { log, clock, random, retry = DEFAULT_RETRY } = this.#options;
      while (!this.#stopping.signal.aborted) {
        this.#crashes++;
        this.#failures++;
        this.#deaths.inc();
        const delayMs = retryDelay(this.#failures, retry, random);
        log.error("The background worker died; it is started again.", {
          error: this.#down,
          under_way: this.#underWay,
          delay_ms: Math.round(delayMs),
        });
        await clock.sleep(delayMs, this.#stopping.signal);
        if (this.#stopping.signal.aborted) return;
        this.#ended = Promise.withResolvers();
        if (await this.#launch() === undefined) {
          log.info("The background worker runs again.");
          return;
        }
      }
    };
    void this.#ended.promise.then(() => {
      if (this.#worker === undefined && !this.#stopping.signal.aborted) return onDeath();
      worker.onmessage = null;
    });
  }

  #take(message: FromWorker, from: Worker): void {
    if (message.kind === "stopped") this.#ended.resolve();
    if (message.kind === "settled") this.#suspects.settled(message.range);
    if (message.kind === "committed") {
      this.#failures = 0;
      if (message.topics.length > 0) this.#options.onAppended(message.topics);
      this.progress.made();
    }
    this.#rebuilds.take(message);
    // What a Worker that is no more had was taken back already.
    if (message.kind === "partitions" && this.#worker === from) {
      const { id, stream, change } = message;
      // The next Worker counts from the start again: an answer is for who asked alone.
      const taken = (error?: string) => this.#worker === from && this.#send({ kind: "taken", id, error });
      this.#partitions.take(stream, change).then(() => taken(), (error) => taken(errorChain(error)));
    }
    if (message.kind === "report") {
      this.#health = message.health;
      this.#options.meter.record(message.samples);
      for (const { level, message: text, fields } of message.lines) this.#options.log[level](text, fields);
    }
  }

  #send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }
}
