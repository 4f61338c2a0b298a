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

/**
 * Keeps work of the Worker from taking the write lock and a core from a busy first thread: while that one commits,
 * it rests for several times its work. What waits for it lies in the log; the older that gets, the shorter the
 * rests.
 */
export class Pace {
  readonly #turns: WriteTurns;
  readonly #clock: Clock;

  constructor(turns: WriteTurns, clock: Clock) {
    this.#turns = turns;
    this.#clock = clock;
  }

  /**
   * Runs `work` on records of which the oldest is of `timestamp`, then rests where the first thread has committed
   * meanwhile; `signal` ends the rest.
   */
  async keep<T>(timestamp: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { commits } = this.#turns;
    const started = this.#clock.now();
    const result = await work();
    if (this.#turns.commits === commits) return result;
    const now = this.#clock.now();
    const rest = RESTS.find(({ olderThanMs }) => started - timestamp >= olderThanMs)?.times ?? 0;
    await this.#clock.sleep(Math.min(LONGEST_MS, (now - started) * rest), signal);
    return result;
  }
}
