import type { WriteTurns } from "../store/write_turns.ts";
import type { Clock } from "./clock.ts";

/** How long work rests after a batch, in times the batch took, by the age of what it handled. */
const RESTS: readonly { olderThanMs: number; times: number }[] = [
  { olderThanMs: 60_000, times: 0.25 },
  { olderThanMs: 15_000, times: 1 },
  { olderThanMs: 0, times: 5 },
];
/** Longest rest in milliseconds. */
const LONGEST_MS = 250;

/** Commits a second from which on the first thread is busy: less are those of its own streams, or of a few calls. */
const BUSY_COMMITS = 50;
/** Milliseconds over which they are counted at least. */
const WINDOW_MS = 250;

/**
 * Keeps work of the Worker from taking the write lock and a core from a busy first thread: while that one commits
 * often, it rests for several times its work. What waits for it lies in the log; the older that gets, the shorter the
 * rests.
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

  /**
   * Runs `work` on records of which the oldest is of `timestamp`, then rests where the first thread has committed
   * meanwhile, and is busy; `signal` ends the rest.
   */
  async keep<T>(timestamp: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { commits } = this.#turns;
    const started = this.#clock.now();
    this.#since ??= { ms: started, commits };
    const result = await work();
    const now = this.#clock.now();
    const isBusy = this.#isBusy(now);
    if (this.#turns.commits === commits || !isBusy) return result;
    const rest = RESTS.find(({ olderThanMs }) => started - timestamp >= olderThanMs)?.times ?? 0;
    await this.#clock.sleep(Math.min(LONGEST_MS, (now - started) * rest), signal);
    return result;
  }

  #isBusy(now: number): boolean {
    const since = this.#since;
    if (since === undefined) return false;
    const { commits } = this.#turns;
    const rate = 1_000 * ((commits - since.commits) | 0) / Math.max(WINDOW_MS, now - since.ms);
    if (now - since.ms >= WINDOW_MS) {
      this.#since = { ms: now, commits };
      this.#rate = rate;
    }
    return Math.max(rate, this.#rate) >= BUSY_COMMITS;
  }
}
