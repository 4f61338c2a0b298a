import type { Clock } from "../clock.ts";
import { kafkaError } from "./error.ts";

/** How long a cluster may take to make up its mind: a new one creates its groups' topic on the first request. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 100;

/**
 * Tries again while a cluster that answers says "not yet" (no coordinator, no leader).
 * @throws {KafkaError} another failure, or it took too long.
 */
export async function patiently<T>(
  action: string,
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (cause) {
      const error = kafkaError(action, cause);
      const notYet = error.retryable && error.failure === "other";
      if (!notYet || signal.aborted || clock.now() > until) throw error;
    }
    await clock.sleep(PAUSE_MS, signal);
  }
}
