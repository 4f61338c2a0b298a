import { retryDelay, type RetryPolicy } from "../stream/retry.ts";

/** As long as a member of a group on Kafka waits. */
const BACKOFF: RetryPolicy = { baseMs: 200, maxMs: 5_000 };

/** How long a member whose look at its group failed waits with the next, unless the group changes meanwhile. */
export class Rest {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #until = 0;
  #generation = -1;

  /** `now` in ms; `random` from 0 to 1. */
  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
  }

  /** A look at this generation of the group failed. */
  begin(generation: number): void {
    this.#failures++;
    this.#generation = generation;
    this.#until = this.#now() + retryDelay(this.#failures, BACKOFF, this.#random);
  }

  /** A look went well. */
  end(): void {
    this.#failures = 0;
    this.#until = 0;
  }

  /** Whether to wait still; `generation` gives the group's as it is now. */
  holds(generation: () => number): boolean {
    const left = this.#until - this.#now();
    // Longer than any rest: the clock was set back.
    return left > 0 && left <= BACKOFF.maxMs && generation() === this.#generation;
  }
}
