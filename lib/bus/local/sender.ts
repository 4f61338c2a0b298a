import type { Store, Transaction } from "../../store/contract.ts";
import { StoreError } from "../../store/error.ts";
import type { OutgoingRecord, Position } from "../contract.ts";
import { AppendLane, type LaneWorker } from "./lane/append_lane.ts";

/** Bounds of one work, so that its transaction stays short. */
const MAX_SENDS = 256;
const MAX_BYTES = 4 * 1024 * 1024;

/** So many sends, each with none beside it, are no load: a round trip to the lane's thread takes longer than a commit. */
const LONE_SENDS = 16;

/** So many sends in one commit are load enough to start the thread that appends. */
const WORTH_A_THREAD = 3;

interface Send {
  readonly records: readonly OutgoingRecord[];
  resolve(positions: Position[]): void;
  reject(error: unknown): void;
  /** Its slot in the lane; -1 where it goes without. */
  slot: number;
  aborted: boolean;
}

/** What a sender is made of. */
export interface LocalSenderOptions {
  store: Store;
  append(tx: Transaction, records: readonly OutgoingRecord[]): Position[];
  now(): number;
  /** Where a thread of its own may append when many send. Default: none may. */
  lane?: LaneWorker;
  /** That thread has appended there. */
  appended(positions: readonly Position[]): void;
  /** Called after rounds of `appended`. */
  passedOn(): void;
}

/**
 * Sends that meet in one commit, as one work of the store: each partition's next offset is then read and written once
 * for all of them. When many meet, a thread of its own commits them: the lane. Sends go by the lane or without, never
 * both ways at a time, which keeps their order; what fails in the lane is tried again without, and fails there.
 */
export class LocalSender {
  readonly #options: LocalSenderOptions;
  readonly #lane: AppendLane<Send> | undefined;
  #waiting: Send[] = [];
  /** Whether a work of the store is under way. One at a time: what fails in it is tried again before what came later. */
  #committing = false;
  /** Resolves when the last work is over. */
  #last = Promise.resolve();
  /** Sends in a row that found none under way. */
  #lone = 0;

  /** Starts no thread yet. */
  constructor(options: LocalSenderOptions) {
    this.#options = options;
    const { lane } = options;
    this.#lane = lane && new AppendLane({
      ...lane,
      settled: (send, positions) => this.#settled(send, positions),
      passedOn: () => {
        options.passedOn();
        this.#begin();
      },
    });
  }

  /** Appends; resolves when durable. An abort takes effect until the transaction begins. */
  send(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<Position[]> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const one: Send = { records, resolve, reject, slot: -1, aborted: false };
      if (signal) this.#abortable(one, signal);
      this.#lane?.look();
      const without = this.#waiting.length > 0 || this.#committing;
      this.#lone = without || this.#lane?.busy ? 0 : this.#lone + 1;
      if (this.#lane && !without && this.#lone < LONE_SENDS && isPlain(records)) {
        one.slot = this.#lane.put(one, this.#options.now());
      }
      if (one.slot >= 0) return;
      this.#waiting.push(one);
      this.#begin();
    });
  }

  /** Resolves when the lane has ended and nothing is under way. Safe twice. */
  async close(): Promise<void> {
    await this.#lane?.close();
    while (this.#committing) await this.#last;
  }

  #abortable(one: Send, signal: AbortSignal): void {
    const abort = () => {
      if (one.slot >= 0) {
        if (!this.#lane?.withdraw(one.slot)) return;
      } else {
        const at = this.#waiting.indexOf(one);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
      }
      one.aborted = true;
      one.reject(signal.reason);
    };
    const { resolve, reject } = one;
    one.resolve = (positions) => {
      signal.removeEventListener("abort", abort);
      resolve(positions);
    };
    one.reject = (error) => {
      signal.removeEventListener("abort", abort);
      reject(error);
    };
    signal.addEventListener("abort", abort, { once: true });
  }

  /** The lane is done with it. */
  #settled(one: Send, positions: Position[] | undefined): void {
    one.slot = -1;
    if (positions) {
      this.#options.appended(positions);
      one.resolve(positions);
    } else if (!one.aborted) this.#waiting.push(one);
  }

  #begin(): void {
    if (this.#committing || this.#waiting.length === 0 || this.#lane?.busy) return;
    this.#committing = true;
    this.#last = this.#commit();
  }

  async #commit(): Promise<void> {
    const { store, append } = this.#options;
    let taken: Send[] | undefined;
    try {
      const positions = await store.write((tx) => {
        // Taken when the transaction has begun: who comes while it waits for the lock is in. It may be run twice.
        taken ??= this.#take();
        return append(tx, taken.flatMap(({ records }) => records));
      });
      let at = 0;
      for (const one of taken ?? []) one.resolve(positions.slice(at, at += one.records.length));
      if ((taken ?? []).length >= WORTH_A_THREAD) this.#lane?.start();
    } catch (error) {
      const failed = taken ?? this.#waiting.splice(0);
      if (failed.length <= 1 || (error instanceof StoreError && error.failure !== "constraint")) {
        for (const one of failed) one.reject(error);
      } else await this.#apart(failed);
    } finally {
      this.#committing = false;
      this.#begin();
    }
  }

  /** One of them can't be appended, as to a topic that does not exist: the others can. */
  async #apart(sends: readonly Send[]): Promise<void> {
    const { store, append } = this.#options;
    await Promise.all(
      sends.map(({ records, resolve, reject }) =>
        store.write((tx) => append(tx, records)).then(resolve, reject)
      ),
    );
  }

  #take(): Send[] {
    let bytes = 0;
    let count = 0;
    for (const { records } of this.#waiting) {
      if (count === MAX_SENDS || (count > 0 && bytes > MAX_BYTES)) break;
      for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

/** Keys and values are bytes, partitions numbers of 31 bits; what is not is refused without the lane. */
function isPlain(records: readonly OutgoingRecord[]): boolean {
  return records.every(({ key = null, value, partition = 0 }) =>
    isBytes(key) && isBytes(value) && partition >= 0 && (partition | 0) === partition
  );
}

function isBytes(value: unknown): boolean {
  return value === null || value instanceof Uint8Array;
}
