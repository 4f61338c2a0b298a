import type { Clock } from "../clock.ts";
import type { BusDriver } from "../contract.ts";

/** Milliseconds between looks where no progress is reported, as when another process does the work. */
const LOOK_EVERY_MS = 50;

/** What waiting for a group needs. */
export interface CaughtUpOptions {
  driver: Pick<BusDriver, "lag">;
  group: string;
  /** Real names. */
  topics: readonly string[];
  clock: Clock;
  /** Resolves at the next sign of progress; looked at again then, without waiting. */
  progress?(signal: AbortSignal): Promise<void>;
  signal?: AbortSignal;
}

/**
 * Resolves when the group has passed everything that was in the topics at the time of the call.
 * @throws the signal's reason, when it aborts before.
 */
export async function caughtUp(options: CaughtUpOptions): Promise<void> {
  const { driver, group, topics, clock, progress, signal } = options;
  const goals = new Map<string, number>();
  for (const each of await driver.lag(group, topics)) {
    if (each.lag > 0) goals.set(`${each.partition}/${each.topic}`, each.endOffset);
  }
  while (goals.size > 0) {
    for (const { topic, partition, committed, lag } of await driver.lag(group, topics)) {
      const key = `${partition}/${topic}`;
      const goal = goals.get(key);
      if (goal !== undefined && (lag <= 0 || (committed ?? 0) >= goal)) goals.delete(key);
    }
    if (goals.size === 0) return;
    signal?.throwIfAborted();
    const looked = new AbortController();
    const either = signal ? AbortSignal.any([signal, looked.signal]) : looked.signal;
    await Promise.race([clock.sleep(LOOK_EVERY_MS, either), ...(progress ? [progress(either)] : [])]);
    looked.abort();
    signal?.throwIfAborted();
  }
}
