import { abortable } from "../../bus/abortable.ts";
import type { Clock } from "../../bus/clock.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "../../bus/stream/retry.ts";
import { formatDuration } from "../../config/duration.ts";
import type { Health } from "../../telemetry/health.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { errorChain } from "../../telemetry/plain.ts";
import { IsolatedWorker, type IsolatedWorkerOptions } from "./isolated_worker.ts";
import { SETUP_MS } from "./probe.ts";
import type { AgentCalls, Described, FromWorker, Opening, SentCodec, Tidings } from "./protocol.ts";
import { receiveError } from "./sent_error.ts";

/** Milliseconds a plugin has for its `stop`. */
const STOP_MS = 10_000;
/** Milliseconds by which a blocked thread is given longer than a call, so that the call is what is reported. */
const GRACE_MS = 1_000;

/** What keeping a plugin's Worker alive needs. */
export interface SupervisorOptions extends Pick<IsolatedWorkerOptions, "permissions" | "answer"> {
  /** URL of the module. */
  module: string;
  /** What each Worker is set up with, and what it takes to redact. */
  opening: Opening;
  redaction(): Opening["redaction"];
  /** @throws {Error} the module has changed since it was loaded. */
  unchanged(): Promise<void>;
  /** What it registered at first; a Worker that registers something else is not taken. */
  described: Described;
  /** Milliseconds a call may take. */
  handlerTimeoutMs: number;
  /** What the values of topics are. */
  codecs(): readonly (readonly [topic: string, codec: SentCodec])[];
  tidings(): Tidings;
  hear(message: FromWorker): void;
  /** A new Worker runs in the place of one that died; before calls go to it. */
  restarted(worker: Pick<IsolatedWorker, "call">): Promise<void>;
  log: Logger;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
}

/** Keeps one plugin's Worker alive, and passes calls to the one that lives. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #up = Promise.withResolvers<IsolatedWorker>();
  #worker: IsolatedWorker | undefined;
  #down: string | undefined = "not started";
  #restarts = 0;
  /** Deaths since a batch went through. */
  #failures = 0;
  #said: Health | undefined;
  #lost: readonly string[] = [];
  #stopped: Promise<void> | undefined;

  /** Nothing runs before `start`. */
  constructor(options: SupervisorOptions) {
    this.#options = options;
    // Whoever waits for it sees it; where nobody does it is no error.
    this.#up.promise.catch(() => {});
  }

  /**
   * Starts the first Worker and the plugin in it.
   * @throws what the plugin's `start` throws, or why it can't be set up any more.
   */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#launch(signal);
  }

  /**
   * Asks the plugin, once its Worker runs. One that does not answer in time is ended.
   * @throws what the plugin threw, or why its Worker is gone.
   */
  async call<K extends keyof AgentCalls>(
    name: K,
    make: (tidings: Tidings) => { ask: AgentCalls[K]["ask"]; transfer?: ArrayBuffer[] },
    signal?: AbortSignal,
  ): Promise<AgentCalls[K]["answer"]> {
    const worker = this.#worker ?? await abortable(this.#up.promise, signal);
    const { ask, transfer } = make(this.#options.tidings());
    const answer = await this.#within(worker, worker.call(name, ask, { transfer, signal }));
    if (name === "batch") this.#failures = 0;
    return answer;
  }

  /** Whether a Worker runs. */
  get isUp(): boolean {
    return this.#worker !== undefined;
  }

  /** What the plugin said it lost, at its stop. */
  get lost(): readonly string[] {
    return this.#lost;
  }

  /** How the Worker is, and else what the plugin last said. */
  health(): Health {
    if (this.#down !== undefined) return { status: "degraded", detail: `its worker is down: ${this.#down}` };
    const said = this.#said ?? { status: "ok" };
    if (this.#restarts === 0) return said;
    return { ...said, figures: { ...said.figures, worker_restarts: this.#restarts } };
  }

  /** The plugin said how it is. */
  said(health: Health | undefined): void {
    this.#said = health;
  }

  /** Tells the Worker what is new, where one runs. */
  tell(): void {
    this.#worker?.tell(this.#options.tidings());
  }

  /** Lets the plugin stop, then ends its Worker. Safe unstarted and twice. */
  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    const worker = this.#worker;
    const { clock, opening, tidings } = this.#options;
    this.#up.reject(new Error(`Cannot call ${opening.plugin}: it was stopped`));
    this.#up.promise.catch(() => {});
    if (!worker) return;
    const late = new AbortController();
    try {
      const over = clock.sleep(STOP_MS, late.signal).then(() => {
        if (late.signal.aborted) return [];
        throw new Error(
          `Cannot stop ${opening.plugin}: it took longer than ${STOP_MS / 1_000} s; its worker was ended`,
        );
      });
      this.#lost = await Promise.race([worker.call("stop", tidings()), over]);
    } finally {
      late.abort();
      this.#worker = undefined;
      this.#down = "stopped";
      worker.end(new Error(`${opening.plugin} was stopped`));
    }
  }

  /** Starts a Worker and the plugin in it, and watches over it. */
  async #launch(signal?: AbortSignal): Promise<IsolatedWorker> {
    const { module, described, permissions, answer, hear, handlerTimeoutMs, codecs, tidings } = this.#options;
    // Code that nobody asked for must not come in by a crash.
    await this.#options.unchanged();
    const opening: Opening = { ...this.#options.opening, redaction: this.#options.redaction() };
    const worker = new IsolatedWorker({ plugin: opening.plugin, permissions, answer, hear });
    try {
      const opened = await this.#opened(worker, worker.open(module, opening, tidings()));
      if ("error" in opened) throw receiveError(opened.error);
      if (JSON.stringify(opened.described) !== JSON.stringify(described)) {
        throw new Error("its module registers something else than at first; restart the agent");
      }
      worker.run(codecs(), handlerTimeoutMs + GRACE_MS);
      if (described.hooks.start) await this.#within(worker, worker.call("start", tidings(), { signal }));
      if (this.#restarts > 0) await this.#within(worker, this.#options.restarted(worker));
      if (this.#stopping.signal.aborted) throw new Error("the agent stops");
    } catch (error) {
      worker.end(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    this.#worker = worker;
    this.#down = undefined;
    this.#up.resolve(worker);
    void worker.died.then((reason) => this.#onDeath(reason));
    return worker;
  }

  async #onDeath(reason: Error): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { log, clock, random, retry = DEFAULT_RETRY } = this.#options;
    this.#worker = undefined;
    this.#up = Promise.withResolvers();
    this.#up.promise.catch(() => {});
    let cause: unknown = reason;
    while (!this.#stopping.signal.aborted) {
      this.#down = errorChain(cause);
      this.#failures++;
      this.#restarts++;
      const delayMs = retryDelay(this.#failures, retry, random);
      log.error("Its worker died; it is started again.", { error: cause, delay_ms: Math.round(delayMs) });
      await clock.sleep(delayMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      try {
        await this.#launch();
        log.info("Its worker runs again.");
        return;
      } catch (error) {
        cause = error;
      }
    }
  }

  /** What `work` gives; ends the Worker where that takes too long. */
  async #within<T>(worker: IsolatedWorker, work: Promise<T>): Promise<T> {
    const { handlerTimeoutMs, opening: { plugin } } = this.#options;
    return await this.#until(
      worker,
      work,
      handlerTimeoutMs,
      () =>
        `it did not answer within ${formatDuration(handlerTimeoutMs)} (plugins.${plugin}.handler_timeout)`,
    );
  }

  async #opened<T>(worker: IsolatedWorker, work: Promise<T>): Promise<T> {
    return await this.#until(worker, work, SETUP_MS, () => `it was not set up within ${SETUP_MS / 1_000} s`);
  }

  async #until<T>(worker: IsolatedWorker, work: Promise<T>, ms: number, say: () => string): Promise<T> {
    if (ms === Infinity) return await work;
    const done = new AbortController();
    void this.#options.clock.sleep(ms, done.signal).then(() => {
      if (!done.signal.aborted) worker.end(new Error(say()));
    });
    try {
      return await work;
    } finally {
      done.abort();
    }
  }
}
