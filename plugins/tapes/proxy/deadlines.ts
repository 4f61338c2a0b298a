/** A wait that has not ended. */
export interface Deadline {
  readonly end: number;
  /** Called at its end; absent once it is over. */
  expired: (() => void) | undefined;
}

/** Waits that are over are dropped so many at a time. */
const SWEEP = 1_024;

/** Many waits of one length with a single timer. */
export class Deadlines {
  readonly #waitMs: number;
  readonly #now: () => number;
  /**
   * In the order of their ends: all waits are equally long. No Set: one that much is put into and taken out of keeps
   * that alive until the next full garbage collection, as each of its tables points to the next.
   */
  readonly #waits: Deadline[] = [];
  /** Where the first wait is that is not over. */
  #first = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `waitMs` is the length of every wait. */
  constructor(waitMs: number, now: () => number) {
    this.#waitMs = waitMs;
    this.#now = now;
  }

  /** Calls `expired` after a wait from `now` on, unless it is cancelled before. */
  add(now: number, expired: () => void): Deadline {
    const wait = { end: now + this.#waitMs, expired };
    this.#waits.push(wait);
    this.#timer ??= setTimeout(() => this.#expire(), this.#waitMs);
    return wait;
  }

  /** Ends a wait. Safe twice, and when it has expired. */
  cancel(wait: Deadline): void {
    wait.expired = undefined;
    while (this.#first < this.#waits.length && this.#waits[this.#first]?.expired === undefined) this.#first++;
    if (this.#first >= SWEEP || this.#first === this.#waits.length) {
      this.#waits.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** Stops the clock; nothing expires any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waits.length = 0;
    this.#first = 0;
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#now();
    for (const wait of this.#waits.slice(this.#first)) {
      const { end, expired } = wait;
      if (expired === undefined) continue;
      // A timer may fire a fraction early.
      if (end > now + 1) {
        this.#timer = setTimeout(() => this.#expire(), end - now);
        return;
      }
      this.cancel(wait);
      expired();
    }
  }
}
