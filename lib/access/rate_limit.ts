/** How often callers may ask. */
export interface RateLimitOptions {
  /** Requests a second that each may send for long; as many at once. */
  readonly perSecond: number;
  /** Milliseconds, monotonic. */
  now(): number;
}

/** Callers remembered; those that have not asked for longest are forgotten first. */
const CALLERS = 10_000;

/** Lets each caller ask so many times a second, with as many saved up (a token bucket). */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Counts a request. 0: it may go on; else the seconds to wait. */
  wait(caller: string): number {
    const { perSecond, now } = this.#options;
    const at = now();
    const bucket = this.#buckets.get(caller) ?? { left: perSecond, at };
    const left = Math.min(perSecond, bucket.left + (at - bucket.at) / 1000 * perSecond);
    this.#buckets.delete(caller);
    this.#buckets.set(caller, { left: left < 1 ? left : left - 1, at });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > CALLERS && oldest !== undefined) this.#buckets.delete(oldest);
    return left < 1 ? Math.max(1, Math.ceil((1 - left) / perSecond)) : 0;
  }
}
