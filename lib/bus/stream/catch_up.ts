import type { Transaction } from "../../store/contract.ts";
import type { Assignment, BusDriver } from "../contract.ts";
import type { Fence } from "./fences.ts";
import type { FencedRows, Place } from "./rows_first.ts";
import { AbandonedError, type Signals, type Sink, type StreamWork } from "./work.ts";

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

/** What catching up needs. */
export interface CatchUpOptions {
  rows: FencedRows;
  driver: Pick<BusDriver, "open" | "lag">;
  group: string;
  /** Handles records whose outputs are dropped or whose rows are; nothing of it is counted. */
  work: StreamWork;
  maxRecords: number;
  maxBytes: number;
  /** Empties a partition's rows, where the handler keeps state in them. */
  reset?(tx: Transaction, place: Place): void;
  /** Resolves when the stream is not paused. */
  resumed(signal: AbortSignal): Promise<void>;
}

/** Milliseconds one read waits at most. */
const WAIT_MS = 1_000;

/**
 * Brings the rows of a partition and its group together when it comes to this agent. The group's committed offset is the
 * truth about outputs, the fence about rows.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** The offset behind the last record whose rows are stored; `null`: none. */
  rows(place: Place): number | null {
    const fence = this.#options.rows.fence(place);
    return fence === undefined ? null : fence.offset + 1;
  }

  /** What must be done. Empties the state where it can't be brought up to date. May be asked again. */
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
    if (await this.#end(place) < behind) {
      // Another topic of the same name: these rows are of records that are gone.
      await rows.forget(place);
      return { kind: "nothing" };
    }
    return { kind: "outputs", from: at, to: behind };
  }

  /**
   * Does what was planned. What it has done when it is interrupted is not done again.
   * @throws {AbandonedError} a signal aborted.
   */
  async carryOut(plan: Plan, place: Place, signals: Signals): Promise<void> {
    const { rows } = this.#options;
    if (plan.kind === "resend") await rows.resend(place, plan.fence);
    if (plan.kind === "rows") {
      // The log may have been cut off, with a topic of the same name made anew.
      const to = Math.min(plan.to, await this.#end(place));
      await this.#read(place, { from: plan.from, to }, { commit: (each) => rows.rowsAlone(each) }, signals);
      if (to > 0) await rows.passed(place, to - 1);
    }
    if (plan.kind === "outputs") {
      await this.#read(place, plan, { commit: (each) => rows.outputsAlone(each) }, signals);
      rows.seek({ ...place, offset: plan.to });
    }
  }

  async #read(
    place: Place,
    range: { from: number | null; to: number },
    sink: Sink,
    signals: Signals,
  ): Promise<void> {
    const { driver, work, maxRecords, maxBytes, resumed } = this.#options;
    const { topic, partition } = place;
    if (range.from !== null && range.from >= range.to) return;
    await using reader = await driver.open({
      group: null,
      topics: [topic],
      partitions: [partition],
      from: range.from === null ? "earliest" : { offset: range.from },
    });
    const ended = AbortSignal.any([signals.drop, signals.hurry]);
    while ((reader.position(place) ?? 0) < range.to) {
      await resumed(ended);
      if (ended.aborted) throw new AbandonedError("stopped while catching up");
      const batch = await reader.receive({ max: maxRecords, maxBytes, waitMs: WAIT_MS, signal: ended });
      const records = batch?.records.filter(({ offset }) => offset < range.to) ?? [];
      if (records.length > 0) await work.run(sink, { ...place, records }, signals);
    }
  }

  async #end({ topic, partition }: Place): Promise<number> {
    const lags = await this.#options.driver.lag(this.#options.group, [topic]);
    return lags.find((each) => each.topic === topic && each.partition === partition)?.endOffset ?? 0;
  }
}
