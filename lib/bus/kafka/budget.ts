/** Bounds the bytes that wait to be acknowledged. Who would exceed it waits its turn, first come, first served. */
export class ByteBudget {
  readonly #limit: number;
  readonly #waiting: { bytes: number; granted(): void }[] = [];
  #taken = 0;

  /** `limit` is in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes taken now. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when `bytes` are taken. More than the limit is granted once nothing else is taken. Rejects on abort. */
  take(bytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.length === 0 && this.#fits(bytes)) {
      this.#taken += bytes;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const waiter = {
        bytes,
        granted: () => {
          signal.removeEventListener("abort", aborted);
          resolve();
        },
      };
      const aborted = () => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(signal.reason);
        this.#grant();
      };
      signal.addEventListener("abort", aborted, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#taken -= bytes;
    this.#grant();
  }

  #grant(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#taken += next.bytes;
      next.granted();
    }
  }

  #fits(bytes: number): boolean {
    return this.#taken === 0 || this.#taken + bytes <= this.#limit;
  }
}
