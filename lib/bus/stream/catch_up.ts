import type { Transaction } from "../../store/contract.ts";
import type { Assignment } from "../contract.ts";
import type { Fence } from "./fences.ts";
import type { Replay } from "./replay.ts";
import type { FencedRows, Place } from "./rows_first.ts";
import type { TimeOrder } from "./time_order.ts";
import type { Signals, Sink } from "./work.ts";

/** What must be done in a partition that came, before its first batch. */
export type Plan =
  /** Rows and group agree. */
  | { kind: "nothing" }
  /** The rows were stored, then the process died: nobody else went on, and what belongs to them is sent. */
  | { kind: "resend"; fence: Fence }
  /** The group is ahead of the rows: the records between are handled for their rows alone. */
  | { kind: "rows"; from: number | null; to: number }
  /** The group is behind the rows: the records between are handled for their outputs alone. */
  | { kind: "outputs"; from: number; to: number };

/** Keeps the rows of partitions where the group is. */
export interface RowsKeeper {
  /** The offset behind the last record whose rows are stored; `null`: none. */
  rows(assignment: Assignment): number | null;
  /** What must be done when a partition came. Empties the state where it can't be brought up to date. May be asked again. */
  plan(assignment: Assignment): Promise<Plan>;
  /**
   * Does what was planned, in order with other partitions where it is given one. What it has done when it is interrupted
   * is not done again.
   * @throws {AbandonedError} a signal aborted.
   */
  carryOut(plan: Plan, place: Place, signals: Signals, order?: TimeOrder): Promise<void>;
  /**
   * Empties the state of a partition in which nothing is under way, so that `plan` says to make it anew, whoever asks.
   * Gives where the group is; `null`: it has handled nothing, and there is nothing to be made.
   */
  empty(place: Place): Promise<number | null>;
}

/** What catching up needs. */
export interface CatchUpOptions {
  rows: FencedRows;
  replay: Replay;
  /** Empties a partition's rows, where the handler keeps state in them. */
  reset?(tx: Transaction, place: Place): void;
}

/**
 * Brings the rows of a partition and its group together when it comes to this agent. The group's committed offset is the
 * truth about outputs, the fence about rows.
 */
export class CatchUp implements RowsKeeper {
  readonly #options: CatchUpOptions;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** See `RowsKeeper`. */
  rows(place: Place): number | null {
    const fence = this.#options.rows.fence(place);
    return fence === undefined ? null : fence.offset + 1;
  }

  /** See `RowsKeeper`. */
  async plan(assignment: Assignment): Promise<Plan> {
    const { rows, reset } = this.#options;
    const { topic, partition, committed, position: at } = assignment;
    const place = { topic, partition };
    rows.came(place, at);
    const fence = rows.fence(place);
    const stateful = reset !== undefined && committed !== null;
    if (fence === undefined) return stateful ? { kind: "rows", from: null, to: at } : { kind: "nothing" };
    const behind = fence.offset + 1;
    if (at === behind) return { kind: "nothing" };
    // Where the group has gone on without these rows, they are as they were when the partition left.
    if (at > behind) return stateful ? { kind: "rows", from: behind, to: at } : { kind: "nothing" };
    const { first, start } = fence;
    if (first === null || start === null || (start <= at && at <= first)) return { kind: "resend", fence };
    if (reset !== undefined) {
      await rows.forget(place, (tx) => reset(tx, place));
      return stateful ? { kind: "rows", from: null, to: at } : { kind: "nothing" };
    }
    if (await this.#options.replay.end(place) < behind) {
      // Another topic of the same name: these rows are of records that are gone.
      await rows.forget(place);
      return { kind: "nothing" };
    }
    return { kind: "outputs", from: at, to: behind };
  }

  /** See `RowsKeeper`. */
  async carryOut(plan: Plan, place: Place, signals: Signals, order?: TimeOrder): Promise<void> {
    const { rows, replay } = this.#options;
    if (plan.kind === "resend") await rows.resend(place, plan.fence);
    if (plan.kind === "rows") {
      // The log may have been cut off, with a topic of the same name made anew.
      const to = Math.min(plan.to, await replay.end(place));
      const sink: Sink = { commit: (each) => rows.rowsAlone(each) };
      await replay.run({ place, range: { from: plan.from, to }, sink, signals, order });
      if (to > 0) await rows.passed(place, to - 1);
    }
    if (plan.kind === "outputs") {
      const sink: Sink = { commit: (each) => rows.outputsAlone(each) };
      await replay.run({ place, range: plan, sink, signals, order });
      rows.seek({ ...place, offset: plan.to });
    }
  }

  /** See `RowsKeeper`. */
  async empty(place: Place): Promise<number | null> {
    const { rows, reset } = this.#options;
    const fence = rows.fence(place);
    if (fence === undefined) return null;
    await rows.forget(place, (tx) => reset?.(tx, place));
    return fence.offset + 1;
  }
}
