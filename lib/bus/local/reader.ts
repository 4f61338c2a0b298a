import type {
  CommitOptions,
  OpenOptions,
  Position,
  ReceiveOptions,
  RecordBatch,
  Subscription,
} from "../contract.ts";
import type { LocalContext } from "./context.ts";
import { LocalCursors } from "./cursors.ts";
import { startOffset } from "./offsets.ts";
import { receiveBatch } from "./receive.ts";

/** Reads all partitions of its topics for itself: no group, nothing committed, nothing written. */
export class LocalReader implements Subscription {
  readonly #context: LocalContext;
  readonly #topics: ReadonlySet<string>;
  readonly #cursors: LocalCursors;
  readonly #partitions: readonly number[] | undefined;
  readonly #closed = new AbortController();
  readonly #onClosed: (reader: LocalReader) => void;

  /**
   * Starts where `options.from` says.
   * @throws {RangeError} a topic does not exist.
   */
  constructor(context: LocalContext, options: OpenOptions & { onClosed(reader: LocalReader): void }) {
    this.#onClosed = options.onClosed;
    this.#partitions = options.partitions;
    this.#context = context;
    this.#topics = new Set(options.topics);
    this.#cursors = new LocalCursors(context.records, context.catalog);
    context.store.read((db) => {
      for (const topic of this.#topics) {
        for (const { id, partition } of context.catalog.get(db, topic, "read")) {
          if (this.#partitions?.includes(partition) === false) continue;
          const next = startOffset(db, id, options.from);
          this.#cursors.add({ topic, partition, next, ready: true, epoch: 0, committed: null });
        }
      }
    });
  }

  /** See `Subscription`. */
  receive(
    options: ReceiveOptions,
  ): Promise<RecordBatch | null> {
    const { store, wakeups, catalog } = this.#context;
    return receiveBatch({
      wakeups,
      topics: this.#topics,
      waitMs: options.waitMs,
      signal: options.signal,
      closed: this.#closed.signal,
      look: () =>
        store.read((db) => {
          for (const topic of this.#topics) {
            for (const { partition } of catalog.find(db, topic) ?? []) {
              // Added since: read from its start, so that nothing is missed.
              if (
                this.#cursors.get(topic, partition) || this.#partitions?.includes(partition) === false
              ) continue;
              this.#cursors.add({ topic, partition, next: 0, ready: true, epoch: 0, committed: null });
            }
          }
          return this.#cursors.take(db, options, ({ topic, partition }, gap) => {
            this.#context.gap({ group: null, topic, partition, ...gap });
          });
        }),
    });
  }

  /** Always rejects: without a group there is nothing to commit. */
  commit({ through }: CommitOptions): Promise<void> {
    const { topic, partition, offset } = through;
    return Promise.reject(
      new TypeError(
        `Cannot commit ${topic}/${partition} at ${offset}: this reader has no group; open it with one`,
      ),
    );
  }

  /** See `Subscription`. */
  seek(position: Position): void {
    this.#cursors.seek(position);
  }

  /** See `Subscription`. */
  position({ topic, partition }: { topic: string; partition: number }): number | null {
    return this.#cursors.get(topic, partition)?.next ?? null;
  }

  /** All partitions of its topics, or those it was opened for. */
  assigned(): readonly { topic: string; partition: number }[] {
    return this.#cursors.list().map(({ topic, partition }) => ({ topic, partition }));
  }

  /** Ends a `receive` that waits. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#onClosed(this);
    return Promise.resolve();
  }
}
