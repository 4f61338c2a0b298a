import type { BusDriver, BusRecord } from "../contract.ts";
import type { ReplayProgress } from "./replay_progress.ts";
import type { Place } from "./rows_first.ts";
import type { TimeOrder } from "./time_order.ts";
import { AbandonedError, type Signals, type Sink, type StreamWork } from "./work.ts";

/** What reading back needs. */
export interface ReplayOptions {
  driver: Pick<BusDriver, "open" | "lag">;
  group: string;
  /** Handles records whose outputs are dropped or whose rows are; nothing of it is counted. */
  work: StreamWork;
  maxRecords: number;
  maxBytes: number;
  progress: ReplayProgress;
  /** Resolves when the stream is not paused. */
  resumed(signal: AbortSignal): Promise<void>;
}

/** How a partition is read back. */
export interface ReplayTask {
  place: Place;
  range: Range;
  /** What becomes of the records is its concern. */
  sink: Sink;
  signals: Signals;
  /** With others whose rows are joined to those of this one. */
  order?: TimeOrder;
}

/** From one offset (`null`: the first that is kept) up to another, without it. */
export interface Range {
  from: number | null;
  to: number;
}

/** Milliseconds one read waits at most. */
const WAIT_MS = 1_000;

/** Reads records again that the group has passed, or that it has yet to pass, and handles them. */
export class Replay {
  readonly #options: ReplayOptions;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /**
   * Handles a partition's records in a range.
   * @throws {AbandonedError} a signal aborted.
   */
  async run(task: ReplayTask): Promise<void> {
    const { place, range } = task;
    const { progress } = this.#options;
    if (range.from !== null && range.from >= range.to) return;
    progress.begin(place, range);
    try {
      await this.#read(task);
    } finally {
      progress.end(place);
    }
  }

  async #read(task: ReplayTask): Promise<void> {
    const { driver, maxRecords, maxBytes, resumed } = this.#options;
    const { place, range, signals } = task;
    const { topic, partition } = place;
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
      await this.#handle(task, batch?.records.filter(({ offset }) => offset < range.to) ?? []);
    }
  }

  /** Handles records, as many at once as come before those of the others. */
  async #handle({ place, sink, signals, order }: ReplayTask, records: readonly BusRecord[]): Promise<void> {
    const { work, progress } = this.#options;
    const ended = AbortSignal.any([signals.drop, signals.hurry]);
    for (let from = 0; from < records.length;) {
      const left = records.slice(from);
      const count = order ? await order.turn(place, left, ended) : left.length;
      if (count === 0) throw new AbandonedError("stopped while catching up");
      const part = left.slice(0, count);
      await work.run(sink, { ...place, records: part }, signals);
      const [first, last] = [part[0]?.offset ?? 0, part.at(-1)?.offset ?? 0];
      progress.moved(place, { first, last, records: count });
      from += count;
    }
  }

  /** The offset behind the last record of a partition. */
  async end({ topic, partition }: Place): Promise<number> {
    return (await this.#lag({ topic, partition }))?.endOffset ?? 0;
  }

  /** Where the group goes on in a partition; `null`: it has committed nothing. */
  async committed(place: Place): Promise<number | null> {
    return (await this.#lag(place))?.committed ?? null;
  }

  async #lag({ topic, partition }: Place) {
    const lags = await this.#options.driver.lag(this.#options.group, [topic]);
    return lags.find((each) => each.topic === topic && each.partition === partition);
  }
}
