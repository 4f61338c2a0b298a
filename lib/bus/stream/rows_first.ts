import type { Store, Transaction } from "../../store/contract.ts";
import {
  type BusDriver,
  type CommitOptions,
  FencedError,
  type OutgoingRecord,
  type Position,
  type ReceiveOptions,
  type RecordBatch,
  type Subscription,
} from "../contract.ts";
import { dropFence, type Fence, type FencePlace, readFence, writeFence } from "./fences.ts";

/** What a stream reads and commits by. */
export interface StreamDriver extends Pick<BusDriver, "open" | "lag" | "isRetryable"> {
  /** Which bus it is; on the local log rows, outputs and offset are one transaction. */
  readonly name?: BusDriver["name"];
  /** Sends outputs apart from offsets, where they are delivered at least once. */
  readonly send?: BusDriver["send"];
  /** Where handlers' rows are stored; on the local log its own store. */
  readonly rowStore?: Store;
}

/** Lets handlers have rows, and state in them, in `store`; its fences must have been migrated. */
export function withRowStore(driver: BusDriver, store: Store): StreamDriver {
  return {
    name: driver.name,
    rowStore: store,
    open: (options) => driver.open(options),
    send: (records, options) => driver.send(records, options),
    lag: (group, topics) => driver.lag(group, topics),
    isRetryable: (error) => driver.isRetryable(error),
  };
}

/** A partition. */
export interface Place {
  /** Real name of its topic. */
  topic: string;
  /** From 0. */
  partition: number;
}

/** How rows are kept. */
export interface FencedRowsOptions {
  /** Reads and commits. */
  inner: Subscription;
  /** Has the rows and the fences. */
  store: Store;
  /** The consumer group. */
  group: string;
  /** Moves the fence with batches without rows, too: so that it tells how far a state is. */
  always: boolean;
  /** Where the group is known to be; default: behind what was committed last. */
  acknowledged?(place: Place): number | undefined;
}

/**
 * Rows, a fence (topic, partition, offset) and the outputs commit in SQLite first, then outputs and offset go to the
 * bus. What to do after a crash between the two is told by the fence; see `CatchUp`.
 */
export class FencedRows implements Subscription {
  readonly #options: FencedRowsOptions;
  readonly #committed = new Map<string, number>();

  /** Takes `inner` over. */
  constructor(options: FencedRowsOptions) {
    this.#options = options;
  }

  /** See `Subscription`. */
  receive(options: ReceiveOptions): Promise<RecordBatch | null> {
    return this.#options.inner.receive(options);
  }

  /** See `Subscription`. Given once more after a failure, it writes no row twice. */
  async commit(options: CommitOptions): Promise<void> {
    const { inner, always } = this.#options;
    const { through, outputs = [], write } = options;
    if (!write && !always) await inner.commit(options);
    else {
      const stored = await this.#options.store.write((tx) => {
        const fence = readFence(tx, this.#place(through));
        // An earlier attempt stored the rows, and failed to reach the bus.
        if (fence && fence.offset >= through.offset) return fence.outputs;
        this.#mustOwn(through);
        const all = [...outputs, ...write?.(tx) ?? []];
        this.#move(tx, options, all);
        return all;
      });
      await inner.commit({ through, outputs: stored });
    }
    this.#went(through);
  }

  /** The fence of a partition. */
  fence(place: Place): Fence | undefined {
    return this.#options.store.read((db) => readFence(db, this.#place(place)));
  }

  /** The partition came, and its group is at `offset`. */
  came(place: Place, offset: number): void {
    this.#committed.set(nameOf(place), offset);
  }

  /** Sends what a fence holds together with its offset; the group goes on behind it. */
  async resend(place: Place, { offset, outputs }: Fence): Promise<void> {
    const { topic, partition } = place;
    await this.#options.inner.commit({ through: { topic, partition, offset }, outputs });
    this.#went({ topic, partition, offset });
    this.seek({ topic, partition, offset: offset + 1 });
  }

  /** Stores the rows of records that the group has passed; their outputs are there already. */
  async rowsAlone(options: CommitOptions): Promise<void> {
    const { through, write } = options;
    await this.#options.store.write((tx) => {
      const fence = readFence(tx, this.#place(through));
      if (fence && fence.offset >= through.offset) return;
      this.#mustOwn(through);
      write?.(tx);
      this.#move(tx, options, []);
    });
  }

  /** Sends the outputs of records whose rows are stored; what `write` does is rolled back. */
  async outputsAlone(options: CommitOptions): Promise<void> {
    const { through, outputs = [], write } = options;
    const all = [...outputs];
    if (write) {
      try {
        await this.#options.store.write((tx) => {
          throw new RolledBack(write(tx) ?? []);
        });
      } catch (error) {
        if (!(error instanceof RolledBack)) throw error;
        all.push(...error.outputs);
      }
    }
    await this.#options.inner.commit({ through, outputs: all });
    this.#went(through);
  }

  /** Says that rows are stored up to `offset`: nothing lies between them and it. */
  async passed(place: Place, offset: number): Promise<void> {
    const through = { ...place, offset };
    await this.#options.store.write((tx) => {
      const fence = readFence(tx, this.#place(place));
      if (fence === undefined || fence.offset < offset) this.#move(tx, { through }, []);
    });
  }

  /** Empties a partition's rows, and forgets how far they were, at once. */
  async forget(place: Place, reset?: (tx: Transaction) => void): Promise<void> {
    await this.#options.store.write((tx) => {
      this.#mustOwn(place);
      reset?.(tx);
      dropFence(tx, this.#place(place));
    });
  }

  /** See `Subscription`. */
  seek(position: Position): void {
    this.#options.inner.seek(position);
  }

  /** See `Subscription`. */
  position(place: Place): number | null {
    return this.#options.inner.position(place);
  }

  /** See `Subscription`. */
  assigned(): readonly Place[] {
    return this.#options.inner.assigned();
  }

  /** See `Subscription`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.inner[Symbol.asyncDispose]();
  }

  /** Where commits are acknowledged later, it is asked for. */
  #went(through: Position): void {
    if (!this.#options.acknowledged) this.#committed.set(nameOf(through), through.offset + 1);
  }

  #move(tx: Transaction, { through, from = through.offset }: CommitOptions, outputs: OutgoingRecord[]): void {
    const { acknowledged } = this.#options;
    const start = acknowledged?.(through) ?? this.#committed.get(nameOf(through)) ?? from;
    writeFence(tx, this.#place(through), { offset: through.offset, first: from, start, outputs });
  }

  /** The last look before the rows are committed: who has lost a partition must not write for it. */
  #mustOwn({ topic, partition }: Place): void {
    const owned = this.assigned().some((each) => each.topic === topic && each.partition === partition);
    if (owned) return;
    throw new FencedError(
      `Cannot store rows of partition ${partition} of "${topic}" for group ${this.#options.group}: another member ` +
        "has the partition now; it does the work",
    );
  }

  #place({ topic, partition }: Place): FencePlace {
    return { group: this.#options.group, topic, partition };
  }
}

/** Carries outputs out of a transaction that must leave nothing behind. */
class RolledBack extends Error {
  constructor(readonly outputs: readonly OutgoingRecord[]) {
    super("rolled back on purpose");
  }
}

function nameOf({ topic, partition }: Place): string {
  return `${partition}/${topic}`;
}
