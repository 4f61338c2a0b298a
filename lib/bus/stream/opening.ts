import type { Store } from "../../store/contract.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { OpenOptions, StartFrom, Subscription } from "../contract.ts";
import { StreamArrival } from "./arrival.ts";
import { CatchUp, type RowsKeeper } from "./catch_up.ts";
import type { Gate } from "./gate.ts";
import { LocalState } from "./local_state.ts";
import type { StreamMetrics } from "./metrics.ts";
import { OverlappedCommits } from "./overlapped_commits.ts";
import { Replay } from "./replay.ts";
import type { ReplayProgress } from "./replay_progress.ts";
import { DEFAULT_RETRY } from "./retry.ts";
import { FencedRows, type Place } from "./rows_first.ts";
import type { Session } from "./session.ts";
import { DEFAULT_CONCURRENCY, type StreamOptions } from "./stream_options.ts";
import { streamWork } from "./stream_work.ts";
import type { Troubles } from "./troubles.ts";

/** What a stream has that its subscriptions need. */
export interface OpeningParts {
  readonly log: Logger;
  readonly metrics: StreamMetrics;
  readonly troubles: Troubles;
  /** Closed while the stream is paused. */
  readonly gate: Gate;
  /** Told how far a replay is. */
  readonly replayed: ReplayProgress;
  /** Aborts when what is under way shall be dropped. */
  readonly quit: AbortSignal;
}

/** What of a session a subscription is opened for. */
export type StreamSession = Pick<Session, "hooks" | "ended" | "receives">;

/** A subscription, and what prepares its partitions. */
export interface Opened {
  readonly subscription: Subscription;
  readonly arrival: StreamArrival;
}

/** Opens a stream's subscriptions, one for each session: with rows and state beside the bus where there are any. */
export class StreamOpening {
  readonly #options: StreamOptions;
  readonly #parts: OpeningParts;

  constructor(options: StreamOptions, parts: OpeningParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Opens the bus, with rows beside it and commits beside the work where that is asked for. */
  async open(session: StreamSession): Promise<Opened> {
    const { driver, spec, clock, random, retry = DEFAULT_RETRY, hooks = {} } = this.#options;
    const { group, topics, from, together } = spec;
    const open: OpenOptions = { group, topics, from, together, ...session.hooks };
    const plain = await driver.open(open);
    const apart = spec.delivery === "at-least-once" && driver.name !== "local" && driver.send !== undefined;
    const overlapped = apart ? this.#overlapped(plain) : undefined;
    const inner = overlapped ?? plain;
    const store = driver.name === "local" ? undefined : driver.rowStore;
    const rows = store && this.#fenced(inner, store, overlapped);
    const arrival = new StreamArrival({
      hooks,
      keeper: rows ? this.#caughtUp(rows) : this.#localState(inner),
      logicalName: (topic) => this.#options.logicalName(topic),
      concurrency: spec.concurrency ?? DEFAULT_CONCURRENCY,
      together: spec.together,
      clock,
      random,
      retry,
      log: this.#parts.log,
      troubles: this.#parts.troubles,
      signal: session.ended,
      ...(ofTheMoment(from) && {
        keepStart: ({ topic, partition }: Place, position: number) =>
          plain.commit({ through: { topic, partition, offset: position - 1 } }),
      }),
      ...(overlapped && { settled: (place: Place) => overlapped.ended(place) }),
    });
    session.receives(arrival);
    return { subscription: rows ?? inner, arrival };
  }

  /** Rows beside a bus that has none. */
  #caughtUp(rows: FencedRows): RowsKeeper {
    const reset = this.#reset;
    return new CatchUp({ rows, replay: this.#replay(), ...(reset && { reset }) });
  }

  /** Rows beside the offsets of the log, where they are state. */
  #localState(inner: Subscription): RowsKeeper | undefined {
    const { rowStore: store } = this.#options.driver;
    const reset = this.#reset;
    if (store === undefined || reset === undefined) return undefined;
    return new LocalState({ inner, store, group: this.#options.spec.group, replay: this.#replay(), reset });
  }

  get #reset(): StreamOptions["reset"] {
    const { reset } = this.#options;
    return reset && ((tx, place) => reset(tx, this.#logical(place)));
  }

  #replay(): Replay {
    const { driver, spec } = this.#options;
    return new Replay({
      driver,
      group: spec.group,
      work: streamWork(this.#options, {
        ...this.#parts,
        handled: (records) => this.#parts.metrics.replayed(records),
        deadLettered: () => undefined,
      }),
      maxRecords: spec.maxRecords,
      maxBytes: spec.maxBytes,
      progress: this.#parts.replayed,
      resumed: (signal) => this.#resumed(signal),
    });
  }

  #overlapped(inner: Subscription): OverlappedCommits {
    const { driver, clock, random, retry } = this.#options;
    const key = ({ topic, partition }: Place) => `offset ${partition}/${topic}`;
    const sentence = "An offset can't be committed; it is tried again.";
    return new OverlappedCommits({
      inner,
      send: async (outputs) => await driver.send?.(outputs, { signal: this.#parts.quit }),
      isRetryable: (error) => driver.isRetryable(error),
      clock,
      random,
      retry,
      onFailing: (place, error, attempt, delayMs) => {
        this.#parts.metrics.commitFailed();
        this.#parts.troubles.add({ key: key(place), sentence, error, attempt, delayMs });
      },
      onRecovered: (place) => this.#parts.troubles.over(key(place)),
      signal: this.#parts.quit,
    });
  }

  #fenced(inner: Subscription, store: Store, overlapped: OverlappedCommits | undefined): FencedRows {
    return new FencedRows({
      inner,
      store,
      group: this.#options.spec.group,
      always: this.#options.reset !== undefined,
      ...(overlapped && { acknowledged: (place: Place) => overlapped.acknowledged(place) }),
    });
  }

  #logical({ topic, partition }: Place): Place {
    return { topic: this.#options.logicalName(topic), partition };
  }

  /** Resolves when the stream is not paused, or when `signal` aborts. */
  async #resumed(signal: AbortSignal): Promise<void> {
    if (!this.#parts.gate.closed || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([this.#parts.gate.opened, promise]);
  }
}

/** Whether the place it means is another one later. */
function ofTheMoment(from: StartFrom): boolean {
  return from === "latest" || (typeof from === "object" && "timestamp" in from);
}
