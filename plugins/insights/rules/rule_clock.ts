import type { PluginContext, PluginStore, Producer, Reader, StreamHandle } from "capstan";
import type { ClockTold } from "./clock_facts.ts";
import type { Place } from "./place.ts";
import type { Tick, TickedPlace } from "./tick.ts";

/** Milliseconds between two looks at the clock. */
const EVERY_MS = 5_000;

/** A stream of events that the clock goes on for where no more come. */
export interface ClockedStream {
  /** Its handle. */
  readonly events: Pick<StreamHandle, "caughtUp">;
  /** Its partitions that this agent has now. */
  places(): readonly Place[];
}

/** What the clock is made of. */
export interface RuleClockOptions {
  readonly ctx: Pick<PluginContext, "now" | "sleep" | "log">;
  readonly store: Pick<PluginStore, "read">;
  /** Of the topic of ticks. */
  readonly ticks: Producer;
  readonly streams: readonly ClockedStream[];
  /** Milliseconds in which nothing must have come before windows end by the clock. */
  readonly idleMs: number;
  /** The offset behind the last record of a partition that was handled; `null`: none was. */
  nextOffset(db: Reader, place: Place): number | null;
  /** What rules would have to say if the clock were to tell this; `undefined`: nothing. */
  due(db: Reader, place: Place, told: ClockTold): ClockTold | undefined;
}

/** Looks at the clock for what no event tells of, silences and ends of windows, and sends a tick where there is some. */
export class RuleClock {
  readonly #options: RuleClockOptions;
  readonly #stopping = new AbortController();
  /** Since when a partition is where it is, by its name. */
  readonly #since = new Map<string, { offset: number; ms: number }>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: RuleClockOptions) {
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
        ctx.log.warn("Cannot look for what the clock tells of rules; it is tried again", { error: cause });
      }
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { ctx, ticks, streams } = this.#options;
    const nowMs = ctx.now();
    const due = streams.filter((stream) => this.#due(stream, nowMs).length > 0);
    if (due.length === 0) return;
    // What came before now may not be handled yet, and would say that there was no silence.
    await Promise.all(due.map(({ events }) => events.caughtUp(signal)));
    const places = due.flatMap((stream) => this.#due(stream, nowMs));
    if (places.length === 0) return;
    const tick: Tick = { places };
    await ticks.send({ ...tick });
  }

  #due({ places }: ClockedStream, nowMs: number): TickedPlace[] {
    const { store, idleMs, nextOffset, due } = this.#options;
    return store.read((db) =>
      places().flatMap((place) => {
        const offset = nextOffset(db, place);
        if (offset === null) return [];
        const isIdle = nowMs - this.#sinceWhen(place, offset, nowMs) >= idleMs;
        const told = due(db, place, { clockMs: nowMs, idleMs: isIdle ? nowMs - idleMs : null });
        return told === undefined ? [] : [{ ...place, offset, clock_ms: told.clockMs, idle_ms: told.idleMs }];
      })
    );
  }

  #sinceWhen({ source, part }: Place, offset: number, nowMs: number): number {
    const name = `${part}/${source}`;
    const known = this.#since.get(name);
    if (known?.offset === offset) return known.ms;
    this.#since.set(name, { offset, ms: nowMs });
    return nowMs;
  }
}
