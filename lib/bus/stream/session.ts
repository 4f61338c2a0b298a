import type { Logger } from "../../telemetry/logger.ts";
import type { Clock } from "../clock.ts";
import {
  type Assignment,
  FencedError,
  type OpenOptions,
  type RecordBatch,
  type Subscription,
} from "../contract.ts";
import type { Pace } from "../pace.ts";
import type { BatchBounds } from "./forming_batch.ts";
import { Gate } from "./gate.ts";
import { Lane, laneName } from "./lane.ts";
import type { StreamMetrics } from "./metrics.ts";
import type { Place } from "./rows_first.ts";
import type { Troubles } from "./troubles.ts";
import { AbandonedError, GaveUpError, type Signals, type Sink, type StreamWork } from "./work.ts";

/** Milliseconds one `receive` waits at most. */
const WAIT_MS = 1_000;
/** Milliseconds in which a partition that refused a commit must have been taken away; else everything is opened anew. */
const FENCED_MS = 5_000;

/** What prepares partitions before their first batch, and is told when they went. */
export interface Arrival {
  /**
   * Calls `settle` for each lane: it may begin, or it is lost or the session ends, and nothing is under way in it.
   * @throws {GaveUpError} a record was given up, and that stops the stream.
   */
  prepare(lanes: readonly Lane[], settle: (lane: Lane, ready: boolean) => void): Promise<void>;
  /**
   * Empties the state of lanes in which nothing is under way and makes it anew; calls `settle` as `prepare` does.
   * @throws {GaveUpError} a record was given up, and that stops the stream.
   */
  renew(lanes: readonly Lane[], settle: (lane: Lane, ready: boolean) => void): Promise<void>;
  /** Nothing is under way in them any more. Never rejects. */
  gone(lanes: readonly Lane[]): Promise<void>;
}

/** What a session reads and commits by. */
export type Reading = Pick<Subscription, "receive" | "commit">;

/** What a session works with. */
export interface SessionOptions {
  bounds: BatchBounds;
  /** Partitions worked on side by side, at least 1. */
  concurrency: number;
  /** Partitions of one number are joined: one of them is worked on at a time, and none before all are ready. */
  together?: boolean;
  work: StreamWork;
  gate: Gate;
  pace?: Pace;
  clock: Clock;
  log: Logger;
  metrics: StreamMetrics;
  troubles: Troubles;
  /** Aborts when no new batch shall begin. */
  closing: AbortSignal;
  /** Aborts when what is under way shall be dropped. */
  quit: AbortSignal;
  /** A batch was handled and committed. */
  onHandled(): void;
}

/** Works on the partitions of one subscription, side by side and each in order, until it ends or fails. */
export class Session {
  readonly #options: SessionOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Batches being worked on, those of partitions that went among them. */
  readonly #underWay = new Set<Promise<void>>();
  /** Aborts when this session shall end, by itself or with the stream. */
  readonly #ending = new AbortController();
  readonly #signals: Pick<Signals, "hurry" | "quit">;
  readonly #ended: AbortSignal;
  /** Closed while state is made anew. */
  readonly #still = new Gate();
  #arrival: Arrival | undefined;
  #receiving = new AbortController();
  #failure: { error: unknown } | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#ended = AbortSignal.any([options.closing, this.#ending.signal]);
    this.#signals = { hurry: this.#ended, quit: options.quit };
    this.#ended.addEventListener("abort", () => this.wake(), { once: true });
  }

  /** What the driver is to be opened with. */
  get hooks(): Pick<OpenOptions, "onAssigned" | "onRevoked"> {
    return {
      onAssigned: (partitions) => this.#assigned(partitions),
      onRevoked: (partitions) => this.#revoked(partitions),
    };
  }

  /** Aborts when the session ends. */
  get ended(): AbortSignal {
    return this.#ended;
  }

  /** Says how partitions are prepared; those that came before are prepared from here on. */
  receives(arrival: Arrival): void {
    this.#arrival = arrival;
    const waiting = [...this.#lanes.values()].filter(({ ready, preparing }) => !ready && !preparing);
    if (waiting.length > 0) void this.#prepare(waiting, (settle) => arrival.prepare(waiting, settle));
  }

  /**
   * Reads and works until it ends; resolves when nothing is under way any more.
   * @throws {GaveUpError} a record was given up, and that stops the stream.
   * @throws what `receive` or an incurable commit threw.
   */
  async run(subscription: Reading): Promise<void> {
    try {
      while (!this.#ended.aborted) await this.#round(subscription);
    } catch (error) {
      this.#fail(error);
    }
    await Promise.all([...this.#lanes.values()].map((lane) => lane.settled()));
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure.error;
  }

  /**
   * Lets what is under way finish, makes the state of all partitions anew, and goes on; nothing else is handled
   * meanwhile, as one partition's handler may read the rows of another. Gives how many partitions that were; `null`: the
   * session ended before.
   */
  async renew(arrival: Arrival): Promise<number | null> {
    this.#still.close();
    try {
      this.wake();
      await Promise.all([...this.#lanes.values()].map((lane) => lane.settled()));
      await Promise.all(this.#underWay);
      const lanes = [...this.#lanes.values()].filter(({ ready, ended }) => ready && !ended);
      for (const lane of lanes) lane.ready = false;
      await this.#prepare(lanes, (settle) => arrival.renew(lanes, settle));
      return this.#ended.aborted ? null : lanes.length;
    } finally {
      this.#still.open();
      this.wake();
    }
  }

  /** Looks again at what can be begun. */
  wake(): void {
    this.#receiving.abort();
  }

  async #round(subscription: Reading): Promise<void> {
    const { gate, clock, bounds } = this.#options;
    if (gate.closed) return await gate.opened;
    if (this.#still.closed) return await this.#still.opened;
    const now = clock.now();
    this.#startDue(subscription, now);
    const receiving = this.#receiving = new AbortController();
    const batch = await subscription.receive({
      max: bounds.maxRecords,
      maxBytes: bounds.maxBytes,
      waitMs: Math.max(0, Math.min(WAIT_MS, this.#nextDue() - now)),
      signal: receiving.signal,
      only: (place) => this.#wants(place),
    });
    if (batch !== null) this.#take(batch);
  }

  #take({ topic, partition, records }: RecordBatch): void {
    const lane = this.#lanes.get(laneName({ topic, partition }));
    lane?.forming.add(records, this.#options.clock.now());
  }

  /**
   * Whether records of a partition would be held: its next batch has begun to fill, or fewer than can be worked on have.
   * The bus gives each partition its turn, so none waits for another to run dry.
   */
  #wants(place: Place): boolean {
    const lane = this.#lanes.get(laneName(place));
    if (!lane?.wanting) return false;
    return !lane.forming.empty || this.#filling() < this.#options.concurrency;
  }

  #filling(): number {
    let filling = 0;
    for (const { forming } of this.#lanes.values()) if (!forming.empty) filling++;
    return filling;
  }

  /** Milliseconds of the clock when the next batch may begin; `Infinity` while none can. */
  #nextDue(): number {
    if (this.#underWay.size >= this.#options.concurrency) return Infinity;
    let next = Infinity;
    for (const lane of this.#lanes.values()) {
      if (this.#startable(lane)) next = Math.min(next, lane.forming.due);
    }
    return next;
  }

  /**
   * What one partition's batch reads of the rows of another must have reached the bus, or another agent that takes both
   * over would find it there and say again what follows from it.
   */
  #startable(lane: Lane): boolean {
    if (!lane.startable) return false;
    if (!this.#options.together) return true;
    return ![...this.#lanes.values()].some((each) =>
      each !== lane && each.partition === lane.partition && (!each.ready || each.working !== undefined)
    );
  }

  #startDue(subscription: Sink, now: number): void {
    const { bounds, concurrency, pace } = this.#options;
    let free = concurrency - this.#underWay.size;
    for (const lane of [...this.#lanes.values()]) {
      if (free <= 0) return;
      if (!this.#startable(lane) || lane.forming.due > now) continue;
      free--;
      // To the end of the line.
      this.#lanes.delete(lane.name);
      this.#lanes.set(lane.name, lane);
      const { topic, partition } = lane;
      const max = pace?.batch(bounds.maxRecords, lane.forming.oldest);
      const batch = { topic, partition, records: lane.forming.take(now, max) };
      const working = lane.working = this.#handle(subscription, lane, batch).finally(() => {
        this.#underWay.delete(working);
        lane.working = undefined;
        this.wake();
      });
      this.#underWay.add(working);
    }
  }

  async #handle(subscription: Sink, lane: Lane, batch: RecordBatch): Promise<void> {
    const { work, pace, closing, troubles, metrics, onHandled } = this.#options;
    try {
      const handle = () => work.run(subscription, batch, lane.signals);
      const oldest = batch.records[0]?.timestamp ?? 0;
      await (pace?.keep(oldest, handle, closing) ?? handle());
      metrics.committed(batch.records.length);
      troubles.over(`commit ${lane.name}`);
      onHandled();
    } catch (error) {
      this.#broke(lane, error);
    }
  }

  /** What was not committed is delivered again: nothing of the lane may go on behind it. */
  #broke(lane: Lane, error: unknown): void {
    const { log, clock } = this.#options;
    const { topic, partition } = lane;
    lane.ended = true;
    if (error instanceof FencedError || (error instanceof AbandonedError && lane.lost)) {
      log.info("A partition went to another member; its batch is dropped here.", { topic, partition });
      const gone = AbortSignal.any([lane.signals.drop, this.#ended]);
      if (error instanceof FencedError && !gone.aborted) {
        void clock.sleep(FENCED_MS, gone).then(() => {
          if (!gone.aborted) this.#fail(error);
        });
      }
    } else if (!(error instanceof AbandonedError)) this.#fail(error);
  }

  #fail(error: unknown): void {
    // A record that was given up must not be hidden by a connection that broke meanwhile.
    if (this.#failure === undefined || error instanceof GaveUpError) this.#failure = { error };
    this.#ending.abort();
  }

  #assigned(partitions: readonly Assignment[]): void {
    this.#options.metrics.rebalanced();
    this.#options.metrics.assigned(partitions.length);
    const lanes = partitions.map((each) => new Lane(each, this.#options.bounds, this.#signals));
    for (const lane of lanes) this.#lanes.set(lane.name, lane);
    const arrival = this.#arrival;
    if (arrival) void this.#prepare(lanes, (settle) => arrival.prepare(lanes, settle));
  }

  async #prepare(
    lanes: readonly Lane[],
    work: (settle: (lane: Lane, ready: boolean) => void) => Promise<void>,
  ): Promise<void> {
    const settled = new Map(lanes.map((lane) => [lane, Promise.withResolvers<void>()]));
    for (const [lane, { promise }] of settled) lane.preparing = promise;
    try {
      await work((lane, ready) => {
        lane.ready = ready;
        settled.get(lane)?.resolve();
        this.wake();
      });
    } catch (error) {
      this.#fail(error);
    } finally {
      for (const { resolve } of settled.values()) resolve();
    }
  }

  async #revoked(partitions: readonly Place[]): Promise<void> {
    const lanes = partitions.flatMap((place) => this.#lanes.get(laneName(place)) ?? []);
    for (const lane of lanes) {
      lane.drop();
      this.#lanes.delete(lane.name);
      this.#options.troubles.over(`commit ${lane.name}`);
    }
    // With its end they all go, and nobody shares anything out.
    if (!this.#ended.aborted) this.#options.metrics.rebalanced();
    this.#options.metrics.revoked(lanes.length);
    this.wake();
    await Promise.all(lanes.map((lane) => lane.settled()));
    await this.#arrival?.gone(lanes);
  }
}
