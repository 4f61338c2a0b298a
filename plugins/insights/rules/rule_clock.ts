import type { PluginContext, PluginStore, Producer, Reader, StreamHandle } from "capstan";
import type { ClockTold } from "./clock_facts.ts";
import type { Place } from "./place.ts";
import type { Tick, TickedPlace } from "./tick.ts";

/** Milliseconds between two looks at the clock. */
const EVERY_MS = 5_000;
/**
 * Milliseconds a partition must be seen here before the clock tells anything of it. What the agent that had it before
 * told last may still be on its way to this one, and would be told twice.
 */
const ARRIVAL_MS = 10_000;

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

/** A partition that is here. Times are milliseconds since 1970. */
interface Here {
  /** When it was first seen here. */
  readonly cameMs: number;
  /** Behind the last record that was handled. */
  readonly offset: number | null;
  /** When it was first seen at that offset. */
  readonly sinceMs: number;
}

/** Looks at the clock for what no event tells of, silences and ends of windows, and sends a tick where there is some. */
export class RuleClock {
  readonly #options: RuleClockOptions;
  readonly #stopping = new AbortController();
  /** The partitions that were here at the last look, by name. */
  #here = new Map<string, Here>();
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
    this.#here = this.#seen(nowMs);
    const due = streams.filter((stream) => this.#due(stream, nowMs).length > 0);
    if (due.length === 0) return;
    // What came before now may not be handled yet, and would say that there was no silence.
    await Promise.all(due.map(({ events }) => events.caughtUp(signal)));
    this.#here = this.#seen(nowMs);
    const places = due.flatMap((stream) => this.#due(stream, nowMs));
    if (places.length === 0) return;
    const tick: Tick = { places };
    await ticks.send({ ...tick });
  }

  #due({ places }: ClockedStream, nowMs: number): TickedPlace[] {
    const { store, idleMs, due } = this.#options;
    return store.read((db) =>
      places().flatMap((place) => {
        const { cameMs, offset, sinceMs } = this.#here.get(nameOf(place)) ?? NOT_HERE;
        if (offset === null || nowMs - cameMs < ARRIVAL_MS) return [];
        const isIdle = nowMs - sinceMs >= idleMs;
        const told = due(db, place, { clockMs: nowMs, idleMs: isIdle ? nowMs - idleMs : null });
        return told === undefined ? [] : [{ ...place, offset, clock_ms: told.clockMs, idle_ms: told.idleMs }];
      })
    );
  }

  /** Those that are here now. One that went and came back has come anew. */
  #seen(nowMs: number): Map<string, Here> {
    const { store, streams, nextOffset } = this.#options;
    return store.read((db) =>
      new Map(
        streams.flatMap(({ places }) => places()).map((place) => {
          const known = this.#here.get(nameOf(place));
          const offset = nextOffset(db, place);
          const sinceMs = known?.offset === offset ? known.sinceMs : nowMs;
          return [nameOf(place), { cameMs: known?.cameMs ?? nowMs, offset, sinceMs }];
        }),
      )
    );
  }
}

const NOT_HERE: Here = { cameMs: Infinity, offset: null, sinceMs: Infinity };

function nameOf({ source, part }: Place): string {
  return `${part}/${source}`;
}
