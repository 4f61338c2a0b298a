/** Time, as it is or as a test drives it. */
export interface Clock {
  /** Milliseconds since 1970, UTC, with fractions. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const { timeOrigin } = performance;

/** The machine's own clock. Unlike `Date.now()` it has fractions of a millisecond. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
};
