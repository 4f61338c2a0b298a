/** Many waits of one length with a single timer. */
export class Deadlines {
  readonly #waitMs: number;
  readonly #now: () => number;
  /** In the order of their ends: all waits are equally long. */
  readonly #waits = new Set<{ readonly end: number; readonly expired: () => void }>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `waitMs` is the length of every wait. */
  constructor(waitMs: number, now: () => number) {
    this.#waitMs = waitMs;
    this.#now = now;
  }

  /** Calls `expired` after the wait, unless the returned function is called before. */
  add(expired: () => void): () => void {
    const wait = { end: this.#now() + this.#waitMs, expired };
    this.#waits.add(wait);
    this.#timer ??= setTimeout(() => this.#expire(), this.#waitMs);
    return () => {
      this.#waits.delete(wait);
    };
  }

  /** Stops the clock; nothing expires any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waits.clear();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = this.#now();
    for (const wait of this.#waits) {
      // A timer may fire a fraction early.
      if (wait.end > now + 1) {
        this.#timer = setTimeout(() => this.#expire(), wait.end - now);
        return;
      }
      this.#waits.delete(wait);
      wait.expired();
    }
  }
}
