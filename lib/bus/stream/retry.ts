/** How waits between attempts grow. */
export interface RetryPolicy {
  /** Milliseconds before the second attempt, at most. */
  baseMs: number;
  /** Milliseconds no wait exceeds. */
  maxMs: number;
}

/** What streams and reopened subscriptions wait by. */
export const DEFAULT_RETRY: RetryPolicy = { baseMs: 200, maxMs: 30_000 };

/**
 * Milliseconds to wait after the `failed`th failure (1, 2, 3 …): between half and the whole of `baseMs · 2^(failed-1)`,
 * at most `maxMs`. The random half keeps a fleet from knocking in step.
 */
export function retryDelay(failed: number, policy: RetryPolicy, random: () => number): number {
  const whole = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(Math.max(failed, 1) - 1, 52));
  return whole / 2 + (whole / 2) * random();
}
