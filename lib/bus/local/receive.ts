import { StoreError } from "../../store/error.ts";
import type { RecordBatch } from "../contract.ts";
import type { LocalWakeups } from "./wakeups.ts";

/** What waiting for records needs. */
export interface Receiving {
  /** What wakes it. */
  wakeups: LocalWakeups;
  /** For which it is woken. */
  topics: ReadonlySet<string>;
  /** Milliseconds to wait at most. */
  waitMs: number;
  /** Aborts when the subscription closes. */
  closed: AbortSignal;
  /** The caller's. */
  signal?: AbortSignal;
  /** Looks once. */
  look(): RecordBatch | null;
}

/**
 * Looks until there is something, the time is over, or a signal aborts.
 * @throws {StoreError} the subscription is closed.
 */
export async function receiveBatch({ wakeups, topics, waitMs, closed, signal, look }: Receiving): Promise<
  RecordBatch | null
> {
  if (closed.aborted) throw new StoreError("closed", "Cannot read the log: the reader is closed");
  // Not AbortSignal.any: one more signal for each call, all held by `closed`.
  const signals = signal ? [closed, signal] : [closed];
  const until = performance.now() + waitMs;
  while (!signals.some(({ aborted }) => aborted)) {
    const batch = look();
    if (batch) return batch;
    const left = until - performance.now();
    if (left <= 0) return null;
    await wakeups.wait(topics, left, signals);
  }
  return null;
}
