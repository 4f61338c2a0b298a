import type { AssignedPartition } from "../handler.ts";
import type { Clock } from "../clock.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Plan, RowsKeeper } from "./catch_up.ts";
import type { Lane } from "./lane.ts";
import { retryDelay, type RetryPolicy } from "./retry.ts";
import type { Place } from "./rows_first.ts";
import type { Arrival } from "./session.ts";
import { Slots } from "./slots.ts";
import { TimeOrder } from "./time_order.ts";
import type { Troubles } from "./troubles.ts";
import { AbandonedError, GaveUpError } from "./work.ts";

/** What a handler wants to be told of. */
export interface PartitionHooks {
  /** Partitions came, before their first batch. Throwing is retried. */
  onAssigned?(partitions: readonly AssignedPartition[]): void | Promise<void>;
  /** Partitions went, after their last batch here. */
  onRevoked?(partitions: readonly Place[]): void | Promise<void>;
}

/** What receiving partitions needs. */
export interface StreamArrivalOptions {
  hooks: PartitionHooks;
  /** Where rows lie beside the bus, or are state. */
  keeper?: RowsKeeper;
  /** Logical name of a real topic. */
  logicalName(topic: string): string;
  /** Partitions caught up side by side. */
  concurrency: number;
  /** Partitions of one number are joined, and caught up in the order of their records' times. */
  together?: boolean;
  clock: Clock;
  random(): number;
  retry: RetryPolicy;
  log: Logger;
  troubles: Troubles;
  /** Ends all waiting. */
  signal: AbortSignal;
  /** Commits where a group that has committed nothing starts, where that depends on the moment. */
  keepStart?(place: Place, position: number): Promise<void>;
  /** Nothing is under way in a partition that went. */
  settled?(place: Place): Promise<void>;
}

/** A step that is tried until it is done. */
interface Step {
  /** For health. */
  what: string;
  /** For the log. */
  sentence: string;
}

const ROWS: Step = {
  what: "rows",
  sentence: "The rows of a partition can't be brought up to date; it is tried again.",
};
const START: Step = {
  what: "start",
  sentence: "Where the stream starts in a partition can't be committed; it is tried again.",
};

/** Prepares partitions: what must be done about their rows is decided, the hook is told, then it is done. */
export class StreamArrival implements Arrival {
  readonly #options: StreamArrivalOptions;
  readonly #slots: Slots;

  constructor(options: StreamArrivalOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency);
  }

  /** See `Arrival`. */
  async prepare(came: readonly Lane[], settle: (lane: Lane, ready: boolean) => void): Promise<void> {
    const { hooks, keeper, keepStart } = this.#options;
    const lanes = keepStart ? await this.#keepStarts(came, keepStart, settle) : came;
    if (!keeper && !hooks.onAssigned && !hooks.onRevoked) return lanes.forEach((lane) => settle(lane, true));
    const plans = new Map<Lane, Plan>();
    await Promise.all(lanes.map(async (lane) => {
      const decided = await this.#patiently(lane, async () => {
        if (keeper) plans.set(lane, await keeper.plan(lane.assignment));
      }, ROWS);
      if (!decided) settle(lane, false);
    }));
    const told = await this.#tell(lanes, settle);
    await this.#catchUp(told, plans, settle);
  }

  /** See `Arrival`. */
  async renew(lanes: readonly Lane[], settle: (lane: Lane, ready: boolean) => void): Promise<void> {
    const { keeper } = this.#options;
    if (!keeper) return lanes.forEach((lane) => settle(lane, true));
    // What the handler knows of the rows is true no more; it is told again where they begin.
    await this.#tellGone(lanes);
    // All are emptied before any is filled: what one has may be joined to what another has.
    const emptied = await Promise.all(lanes.map(async (lane) => {
      const { topic, partition } = lane;
      const done = await this.#patiently(lane, async () => {
        const at = await keeper.empty({ topic, partition });
        if (at !== null) lane.assignment = { topic, partition, committed: at, position: at };
      }, ROWS);
      if (!done) settle(lane, false);
      return done;
    }));
    const told = await this.#tell(lanes.filter((_, at) => emptied[at]), settle);
    await this.#catchUp(told, new Map(), settle);
  }

  /** See `Arrival`. */
  async gone(lanes: readonly Lane[]): Promise<void> {
    for (const { topic, partition } of lanes) await this.#options.settled?.({ topic, partition });
    await this.#tellGone(lanes);
  }

  async #tellGone(lanes: readonly Lane[]): Promise<void> {
    const { hooks, logicalName, log } = this.#options;
    const told = lanes.filter((lane) => lane.told);
    if (told.length === 0) return;
    for (const lane of told) lane.told = false;
    try {
      await hooks.onRevoked?.(
        told.map(({ topic, partition }) => ({ topic: logicalName(topic), partition })),
      );
    } catch (error) {
      log.warn("The handler's onRevoked failed; the partitions went all the same.", { error });
    }
  }

  /** What comes before the first batch is committed must not be lost to the next member. Returns those still here. */
  async #keepStarts(
    lanes: readonly Lane[],
    keepStart: (place: Place, position: number) => Promise<void>,
    settle: (lane: Lane, ready: boolean) => void,
  ): Promise<Lane[]> {
    const kept = await Promise.all(lanes.map(async (lane) => {
      const { topic, partition, committed, position } = lane.assignment;
      if (committed !== null) return true;
      return await this.#patiently(lane, () => keepStart({ topic, partition }, position), START);
    }));
    return lanes.filter((lane, at) => {
      if (!kept[at]) settle(lane, false);
      return kept[at];
    });
  }

  /** Tells the hook of partitions until it has taken note; returns those that are still here. */
  async #tell(lanes: readonly Lane[], settle: (lane: Lane, ready: boolean) => void): Promise<Lane[]> {
    const { hooks, clock, random, retry, troubles, signal } = this.#options;
    const key = `onAssigned ${lanes.map(({ name }) => name).join(" ")}`;
    for (let failed = 1;; failed++) {
      for (const lane of lanes) if (lane.lost || signal.aborted) settle(lane, false);
      const here = lanes.filter(({ lost }) => !lost && !signal.aborted);
      try {
        if (here.length > 0) await hooks.onAssigned?.(here.map((lane) => this.#described(lane)));
        for (const lane of here) lane.told = true;
        troubles.over(key);
        return here;
      } catch (error) {
        const delayMs = retryDelay(failed, retry, random);
        const sentence = "The handler's onAssigned failed; it is called again.";
        troubles.add({ key, sentence, error, attempt: failed, delayMs });
        await clock.sleep(delayMs, AbortSignal.any([signal, ...here.map(({ signals }) => signals.drop)]));
      }
    }
  }

  #described(lane: Lane): AssignedPartition {
    const { keeper, logicalName } = this.#options;
    const { topic, partition, committed } = lane.assignment;
    const rows = keeper ? keeper.rows(lane.assignment) : committed;
    return { topic: logicalName(topic), partition, committed, rows };
  }

  async #catchUp(
    lanes: readonly Lane[],
    plans: ReadonlyMap<Lane, Plan>,
    settle: (lane: Lane, ready: boolean) => void,
  ): Promise<void> {
    const { together, signal } = this.#options;
    const groups = together
      ? Map.groupBy(lanes, ({ partition }) => partition).values()
      : lanes.map((lane) => [lane]);
    await Promise.all([...groups].map(async (group) => {
      const order = group.length > 1 ? new TimeOrder(group) : undefined;
      const work = () =>
        Promise.all(group.map(async (lane) => {
          try {
            settle(lane, await this.#catchUpOne(lane, plans.get(lane), order));
          } finally {
            order?.leave(lane);
          }
        }));
      const [alone] = group.length === 1 ? group : [];
      const ended = alone ? AbortSignal.any([signal, alone.signals.drop]) : signal;
      if (await this.#slots.use(work, ended) === undefined) group.forEach((lane) => settle(lane, false));
    }));
  }

  async #catchUpOne(lane: Lane, first: Plan | undefined, order: TimeOrder | undefined): Promise<boolean> {
    const { keeper, signal } = this.#options;
    if (!keeper) return !lane.lost && !signal.aborted;
    let plan = first;
    return await this.#patiently(lane, async () => {
      const now = plan ?? await keeper.plan(lane.assignment);
      // After a failure the rows may be further than they were.
      plan = undefined;
      await keeper.carryOut(now, { topic: lane.topic, partition: lane.partition }, lane.signals, order);
    }, ROWS);
  }

  /** Does a step for a partition until it is done; `false`: the partition is lost, or the session ends. */
  async #patiently(lane: Lane, step: () => Promise<void>, { what, sentence }: Step): Promise<boolean> {
    const { clock, random, retry, troubles, signal } = this.#options;
    const key = `${what} ${lane.name}`;
    const ended = AbortSignal.any([signal, lane.signals.drop]);
    for (let failed = 1; !ended.aborted; failed++) {
      try {
        await step();
        break;
      } catch (error) {
        if (error instanceof GaveUpError) throw error;
        if (ended.aborted || error instanceof AbandonedError) break;
        const delayMs = retryDelay(failed, retry, random);
        troubles.add({ key, sentence, error, attempt: failed, delayMs });
        await clock.sleep(delayMs, ended);
      }
    }
    troubles.over(key);
    return !ended.aborted;
  }
}
