import type { Logger, PluginStore } from "capstan";
import type { RecordInput } from "../trail/record_input.ts";
import { dueRetention, oldestOf } from "./due_retention.ts";
import { coveredFirst, removeRecords } from "./remove_records.ts";

/** What old records are removed with. */
export interface RetentionOptions {
  readonly store: PluginStore;
  /** `undefined`: nothing is removed. */
  readonly retentionMs: number | undefined;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Enters records. */
  take(inputs: readonly RecordInput[]): Promise<void>;
}

/** Milliseconds between two looks. */
const LOOK_MS = 60_000;

/**
 * Removes old records, step by step: a record says which and what stands for them, a checkpoint covers it, then they go.
 * A step that was cut off is gone on with at the next look.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Begins, where there is a retention. */
  start(): void {
    if (this.#options.retentionMs !== undefined) this.#running = this.#run(this.#options.retentionMs);
  }

  /** Ends. Safe unstarted and twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(retentionMs: number): Promise<void> {
    const { sleep, log } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#look(retentionMs);
      } catch (error) {
        log.error("Old records could not be removed; it is tried again.", { error });
      }
      await sleep(LOOK_MS, signal);
    }
  }

  async #look(retentionMs: number): Promise<void> {
    const { store, now, take } = this.#options;
    const isDue = store.read((db) => (coveredFirst(db) ?? 0) > (oldestOf(db) ?? 0));
    if (isDue) await store.write(removeRecords);
    const due = store.read((db) => dueRetention(db, { beforeMs: now() - retentionMs }));
    if (due) await take([due]);
  }
}
