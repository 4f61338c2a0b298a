import type { BusDriver } from "../contract.ts";
import type { ReplayProgress } from "./replay_progress.ts";
import type { Place } from "./rows_first.ts";
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

  /** A partition will be read: it counts as work to be done from now on. */
  announce(place: Place, range: Range): void {
    this.#options.progress.begin(place, range);
  }

  /** A partition will not be read any further. */
  dismiss(place: Place): void {
    this.#options.progress.end(place);
  }

  /**
   * Handles a partition's records in a range; what becomes of them is the sink's concern.
   * @throws {AbandonedError} a signal aborted.
   */
  async run(place: Place, range: Range, sink: Sink, signals: Signals): Promise<void> {
    if (range.from !== null && range.from >= range.to) return;
    this.announce(place, range);
    try {
      await this.#read(place, range, sink, signals);
    } finally {
      this.dismiss(place);
    }
  }

  async #read(place: Place, range: Range, sink: Sink, signals: Signals): Promise<void> {
    const { driver, work, maxRecords, maxBytes, progress, resumed } = this.#options;
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
      const records = batch?.records.filter(({ offset }) => offset < range.to) ?? [];
      const [first, last] = [records[0], records.at(-1)];
      if (first === undefined || last === undefined) continue;
      await work.run(sink, { ...place, records }, signals);
      progress.moved(place, { first: first.offset, last: last.offset, records: records.length });
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
