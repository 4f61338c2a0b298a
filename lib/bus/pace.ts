import type { WriteTurns } from "../store/write_turns.ts";
import type { Clock } from "./clock.ts";

/**
 * How much of a full batch work takes at a time, and how long it rests after it, in times it took, by the age of what it
 * handles. A small batch keeps the write lock for a millisecond: as long as calls have other ways to go.
 */
const STEPS: readonly { olderThanMs: number; share: number; times: number }[] = [
  { olderThanMs: 60_000, share: 1, times: 0.25 },
  { olderThanMs: 15_000, share: 1, times: 1 },
  { olderThanMs: 0, share: 1 / 8, times: 5 },
];
/** Longest rest in milliseconds. */
const LONGEST_MS = 250;

/** Commits a second from which on the first thread is busy: less are those of its own streams, or of a few calls. */
const BUSY_COMMITS = 50;
/** With fewer than these it has time left, and rests are short. */
const VERY_BUSY_COMMITS = 1_000;
/** Such a rest, in times the work took. */
const SHORT_REST = 2;
/** Milliseconds over which they are counted at least. */
const WINDOW_MS = 250;

/**
 * Keeps work of the Worker from taking the write lock and a core from a busy first thread: while that one commits
 * often, batches are small, and it rests for several times its work. What waits for it lies in the log; the older that
 * gets, the larger the batches and the shorter the rests.
 */
export class Pace {
  readonly #turns: WriteTurns;
  readonly #clock: Clock;
  /** Where the window began. */
  #since: { ms: number; commits: number } | undefined;
  /** Commits a second in the last window. */
  #rate = 0;

  constructor(turns: WriteTurns, clock: Clock) {
    this.#turns = turns;
    this.#clock = clock;
  }

  /** How many records a batch may have, of `max`, the oldest of them of `timestamp`. */
  batch(max: number, timestamp: number): number {
    if (this.#rate < BUSY_COMMITS) return max;
    return Math.ceil(max * step(this.#clock.now() - timestamp).share);
  }

  /**
   * Runs `work` on records of which the oldest is of `timestamp`, then rests where the first thread is busy; `signal`
   * ends the rest.
   */
  async keep<T>(timestamp: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const started = this.#clock.now();
    this.#since ??= { ms: started, commits: this.#turns.commits };
    const result = await work();
    const now = this.#clock.now();
    const rate = this.#measure(now);
    if (rate < BUSY_COMMITS) return result;
    const { times } = step(started - timestamp);
    const rest = rate < VERY_BUSY_COMMITS ? Math.min(times, SHORT_REST) : times;
    await this.#clock.sleep(Math.min(LONGEST_MS, (now - started) * rest), signal);
    return result;
  }

  /** Commits a second, of this window or the last. */
  #measure(now: number): number {
    const since = this.#since;
    if (since === undefined) return 0;
    const { commits } = this.#turns;
    const rate = 1_000 * ((commits - since.commits) | 0) / Math.max(WINDOW_MS, now - since.ms);
    if (now - since.ms >= WINDOW_MS) {
      this.#since = { ms: now, commits };
      this.#rate = rate;
    }
    return Math.max(rate, this.#rate);
  }
}

function step(ageMs: number): (typeof STEPS)[number] {
  return STEPS.find(({ olderThanMs }) => ageMs >= olderThanMs) ?? STEPS[STEPS.length - 1]!;
}
