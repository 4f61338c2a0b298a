import { clearTimeout, setTimeout } from "node:timers";

/** Milliseconds by which a deadline may be late. */
const WIDTH_MS = 20;

/**
 * Deadlines of very many things with one timer: adding and removing cost a set's entry each, and what is removed is
 * let go of at once.
 */
export class Deadlines<T> {
  readonly #over: (item: T) => void;
  readonly #buckets = new Map<number, Set<T>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #armed = Infinity;

  /** `over` is called with each item whose time is over. */
  constructor(over: (item: T) => void) {
    this.#over = over;
  }

  /** Calls `over` in `ms`, unless the item is removed. Gives what `remove` wants. */
  add(item: T, ms: number): number {
    const bucket = Math.ceil((performance.now() + ms) / WIDTH_MS);
    const items = this.#buckets.get(bucket);
    if (items === undefined) this.#buckets.set(bucket, new Set([item]));
    else items.add(item);
    if (bucket < this.#armed) this.#arm(bucket);
    return bucket;
  }

  /** Forgets an item; `bucket` is what `add` gave. */
  remove(item: T, bucket: number): void {
    const items = this.#buckets.get(bucket);
    if (items === undefined) return;
    items.delete(item);
    if (items.size > 0) return;
    this.#buckets.delete(bucket);
    // A timer would keep the process alive.
    if (this.#buckets.size === 0) this.#disarm();
  }

  #arm(bucket: number): void {
    clearTimeout(this.#timer);
    this.#armed = bucket;
    this.#timer = setTimeout(() => this.#look(), Math.max(0, bucket * WIDTH_MS - performance.now()));
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armed = Infinity;
  }

  #look(): void {
    this.#disarm();
    const now = Math.floor(performance.now() / WIDTH_MS);
    for (const [bucket, items] of [...this.#buckets]) {
      if (bucket > now) continue;
      this.#buckets.delete(bucket);
      for (const item of items) this.#over(item);
    }
    if (this.#buckets.size > 0) this.#arm(Math.min(...this.#buckets.keys()));
  }
}
