import type { PluginContext, PluginStore, Producer, Reader, StreamHandle } from "capstan";
import type { Tick } from "./register.ts";

/** Milliseconds between two looks at the clock. */
const EVERY_MS = 5_000;

/** What the clock is made of. */
export interface SilenceClockOptions {
  readonly ctx: Pick<PluginContext, "now" | "sleep" | "log">;
  readonly store: Pick<PluginStore, "read">;
  /** Of the topic of ticks. */
  readonly ticks: Producer;
  /** The stream whose events would end a silence. */
  readonly events: Pick<StreamHandle, "caughtUp">;
  /** Partitions of it that this agent has now. */
  partitions(): readonly number[];
  /** Whether a partition has a silence that no event has told yet, at a time. */
  isDue(db: Reader, part: number, nowMs: number): boolean;
}

/** Looks at the clock for silences that no event tells of, and sends a tick where there is one. */
export class SilenceClock {
  readonly #options: SilenceClockOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: SilenceClockOptions) {
    this.#options = options;
  }

  /** Begins to look. */
  start(): void {
    this.#running = this.#run(this.#stopping.signal);
  }

  /** Resolves when it looks no more. Safe unstarted and twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { ctx } = this.#options;
    for (;;) {
      await ctx.sleep(EVERY_MS, signal);
      if (signal.aborted) return;
      try {
        await this.#look(signal);
      } catch (cause) {
        if (signal.aborted) return;
        ctx.log.warn("Cannot look for silence; it is tried again", { error: cause });
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { ctx, ticks, events } = this.#options;
    const nowMs = ctx.now();
    if (this.#due(nowMs).length === 0) return;
    // What came before now may not be handled yet, and would say that there was no silence.
    await events.caughtUp(signal);
    const parts = this.#due(nowMs);
    if (parts.length === 0) return;
    const tick: Tick = { now_ms: nowMs, parts };
    await ticks.send({ ...tick });
  }

  #due(nowMs: number): number[] {
    const { store, partitions, isDue } = this.#options;
    return store.read((db) => partitions().filter((part) => isDue(db, part, nowMs)));
  }
}
