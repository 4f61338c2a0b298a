import type { WriteTurns } from "../store/write_turns.ts";
import type { Clock } from "./clock.ts";

/** Rest after a batch, in times the batch took, while the first thread commits. */
const REST = 1;
/** Longest rest in milliseconds. */
const LONGEST_MS = 50;

/**
 * Keeps a stream of the Worker from taking the write lock and a core from a busy first thread: while that one commits,
 * the stream rests as long as it worked. What waits for it lies in the log, and larger batches cost less a record.
 */
export class Pace {
  readonly #turns: WriteTurns;
  readonly #clock: Clock;

  constructor(turns: WriteTurns, clock: Clock) {
    this.#turns = turns;
    this.#clock = clock;
  }

  /** Runs `work`, then rests where the first thread has committed meanwhile; `signal` ends the rest. */
  async keep(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { commits } = this.#turns;
    const started = this.#clock.now();
    await work();
    if (this.#turns.commits === commits) return;
    await this.#clock.sleep(Math.min(LONGEST_MS, (this.#clock.now() - started) * REST), signal);
  }
}
