import type { Store, Transaction } from "../../store/contract.ts";
import type { Assignment, Subscription } from "../contract.ts";
import type { Plan, RowsKeeper } from "./catch_up.ts";
import { dropFence, type Fence, type FencePlace, readFence, writeFence } from "./fences.ts";
import type { Replay } from "./replay.ts";
import type { Place } from "./rows_first.ts";
import type { TimeOrder } from "./time_order.ts";
import type { Signals, Sink } from "./work.ts";

/** What keeping state on the local log needs. */
export interface LocalStateOptions {
  /** A member of the group. Its commits are refused once a partition is another's. */
  inner: Pick<Subscription, "commit">;
  /** The log's. */
  store: Pick<Store, "read">;
  group: string;
  replay: Replay;
  /** Empties a partition's rows. */
  reset(tx: Transaction, place: Place): void;
}

/** Of a fence: nothing is stored yet. */
const NOTHING = -1;

/**
 * State on the local log. Rows and offset are one transaction there, and never differ, but while the state is made anew:
 * then a fence says how far its rows are, and whoever gets the partition goes on from it.
 */
export class LocalState implements RowsKeeper {
  readonly #options: LocalStateOptions;

  constructor(options: LocalStateOptions) {
    this.#options = options;
  }

  /** See `RowsKeeper`. */
  rows(assignment: Assignment): number | null {
    const fence = this.#fence(assignment);
    return fence === undefined ? assignment.committed : behind(fence);
  }

  /** See `RowsKeeper`. */
  plan(assignment: Assignment): Promise<Plan> {
    const fence = this.#fence(assignment);
    return Promise.resolve(
      fence === undefined
        ? { kind: "nothing" }
        : { kind: "rows", from: behind(fence), to: assignment.position },
    );
  }

  /** See `RowsKeeper`. */
  async carryOut(plan: Plan, place: Place, signals: Signals, order?: TimeOrder): Promise<void> {
    if (plan.kind !== "rows") return;
    const { from, to } = plan;
    const sink: Sink = {
      commit: ({ through, write }) =>
        this.#store(place, to, (tx) => {
          const fence = readFence(tx, this.#at(place));
          if (fence === undefined || fence.offset >= through.offset) return;
          write?.(tx);
          this.#move(tx, place, through.offset);
        }),
    };
    await this.#options.replay.run({ place, range: { from, to }, sink, signals, order });
    await this.#store(place, to, (tx) => dropFence(tx, this.#at(place)));
  }

  /** See `RowsKeeper`. */
  async empty(place: Place): Promise<number | null> {
    const { replay, reset } = this.#options;
    const committed = await replay.committed(place);
    if (committed === null) return null;
    await this.#store(place, committed, (tx) => {
      reset(tx, place);
      this.#move(tx, place, NOTHING);
    });
    return committed;
  }

  /** Stores rows beside the offset that the group has anyway, so that who has lost the partition stores nothing. */
  async #store(
    { topic, partition }: Place,
    committed: number,
    write: (tx: Transaction) => void,
  ): Promise<void> {
    await this.#options.inner.commit({ through: { topic, partition, offset: committed - 1 }, write });
  }

  #move(tx: Transaction, place: Place, offset: number): void {
    writeFence(tx, this.#at(place), { offset, first: null, start: null, outputs: [] });
  }

  #fence(place: Place): Fence | undefined {
    return this.#options.store.read((db) => readFence(db, this.#at(place)));
  }

  #at({ topic, partition }: Place): FencePlace {
    return { group: this.#options.group, topic, partition };
  }
}

/** Where reading goes on; `null`: at the first record that is kept. */
function behind({ offset }: Fence): number | null {
  return offset === NOTHING ? null : offset + 1;
}
