import type { Clock } from "../clock.ts";
import {
  type CommitOptions,
  FencedError,
  type OutgoingRecord,
  type Position,
  type ReceiveOptions,
  type RecordBatch,
  type Subscription,
} from "../contract.ts";
import { DEFAULT_RETRY, retryDelay, type RetryPolicy } from "./retry.ts";
import type { Place } from "./rows_first.ts";

/** What committing beside the work needs. */
export interface OverlappedCommitsOptions {
  /** Reads, and commits offsets. */
  inner: Subscription;
  /** Resolves when the outputs are acknowledged. */
  send(outputs: readonly OutgoingRecord[]): Promise<unknown>;
  isRetryable(error: unknown): boolean;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
  /** The bus refuses an offset; it is tried again after `delayMs`. */
  onFailing(place: Place, error: unknown, attempt: number, delayMs: number): void;
  /** It takes offsets again, or the partition has none to give any more. */
  onRecovered(place: Place): void;
  /** Gives up what is not committed yet; it is delivered again. */
  signal: AbortSignal;
}

interface Lane {
  place: Place;
  /** The newest record handled that no commit is under way for. */
  wanted: Position | undefined;
  running: Promise<void> | undefined;
  failing: boolean;
  /** Why it can't go on. */
  error: unknown;
  acknowledged: number | undefined;
}

/**
 * Delivers at least once: outputs are sent and acknowledged, then the offset is committed while the next batch is worked
 * on. One commit of a partition is under way at a time, and the newest offset is the next.
 */
export class OverlappedCommits implements Subscription {
  readonly #options: OverlappedCommitsOptions;
  readonly #lanes = new Map<string, Lane>();

  /** Takes `inner` over. */
  constructor(options: OverlappedCommitsOptions) {
    this.#options = options;
  }

  /** See `Subscription`. */
  receive(options: ReceiveOptions): Promise<RecordBatch | null> {
    return this.#options.inner.receive(options);
  }

  /** Resolves when the outputs are acknowledged. Throws what an earlier offset could not be committed for. */
  async commit({ through, outputs = [], write }: CommitOptions): Promise<void> {
    if (write) throw new TypeError("Cannot commit: write() needs a store; Kafka has no SQL");
    const lane = this.#lane(through);
    this.#mustGoOn(lane);
    if (outputs.length > 0) await this.#options.send(outputs);
    // Not further ahead of a bus that takes no offset.
    if (lane.failing) await lane.running;
    this.#mustGoOn(lane);
    lane.wanted = through;
    lane.running ??= this.#run(lane);
  }

  /** The offset the group is known to be at; `undefined` before the first commit since the partition came. */
  acknowledged(place: Place): number | undefined {
    return this.#lanes.get(nameOf(place))?.acknowledged;
  }

  /** Resolves when nothing of a partition is under way any more, and forgets it. Never rejects. */
  async ended(place: Place): Promise<void> {
    await this.#lanes.get(nameOf(place))?.running;
    this.#lanes.delete(nameOf(place));
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

  /** Waits for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ running }) => running));
    await this.#options.inner[Symbol.asyncDispose]();
  }

  #mustGoOn(lane: Lane): void {
    if (lane.error === undefined) return;
    const error = lane.error;
    lane.error = undefined;
    throw error;
  }

  async #run(lane: Lane): Promise<void> {
    const { inner, clock, random, retry = DEFAULT_RETRY, isRetryable, onFailing, onRecovered, signal } =
      this.#options;
    for (let attempt = 1; lane.wanted !== undefined && !signal.aborted;) {
      const through: Position = lane.wanted;
      try {
        await inner.commit({ through });
        lane.acknowledged = through.offset + 1;
        if (lane.wanted === through) lane.wanted = undefined;
        if (lane.failing) onRecovered(lane.place);
        lane.failing = false;
        attempt = 1;
      } catch (error) {
        if (error instanceof FencedError || !isRetryable(error)) {
          lane.error = error;
          lane.wanted = undefined;
          break;
        }
        lane.failing = true;
        const delayMs = retryDelay(attempt, retry, random);
        onFailing(lane.place, error, attempt++, delayMs);
        await clock.sleep(delayMs, signal);
      }
    }
    // Of a partition that is another's now, or that is given up, nobody would say later that it is well again.
    if (lane.failing) onRecovered(lane.place);
    lane.failing = false;
    lane.running = undefined;
  }

  #lane({ topic, partition }: Place): Lane {
    const name = nameOf({ topic, partition });
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const nothing = { wanted: undefined, running: undefined, error: undefined, acknowledged: undefined };
      lane = { place: { topic, partition }, failing: false, ...nothing };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

function nameOf({ topic, partition }: Place): string {
  return `${partition}/${topic}`;
}
