import { clearTimeout, setTimeout } from "node:timers";

/** Longest time a timer takes. */
const MAX_MS = 2_147_483_647;

/**
 * What `promise` gives, or a rejection with what `late` makes after `ms`; the work itself goes on and its failure is
 * not reported any more.
 */
export async function within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
  if (ms === Infinity) return await promise;
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), Math.min(Math.max(0, ms), MAX_MS));
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}
