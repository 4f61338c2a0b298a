import type { Store, Transaction } from "../../store/contract.ts";
import { StoreError } from "../../store/error.ts";
import type { OutgoingRecord, Position } from "../contract.ts";

/** Bounds of one work, so that its transaction stays short. */
const MAX_SENDS = 256;
const MAX_BYTES = 4 * 1024 * 1024;

interface Send {
  records: readonly OutgoingRecord[];
  resolve(positions: Position[]): void;
  reject(error: unknown): void;
}

/**
 * Sends that meet in one commit, as one work of the store: each partition's next offset is then read and written once
 * for all of them.
 */
export class LocalSender {
  readonly #store: Store;
  readonly #append: (tx: Transaction, records: readonly OutgoingRecord[]) => Position[];
  #waiting: Send[] = [];

  /** `append` is called inside the transaction of `store`. */
  constructor(store: Store, append: (tx: Transaction, records: readonly OutgoingRecord[]) => Position[]) {
    this.#store = store;
    this.#append = append;
  }

  /** Appends; resolves when durable. An abort takes effect until the transaction begins. */
  send(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<Position[]> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const one: Send = { records, resolve, reject };
      if (signal) this.#abortable(one, signal);
      this.#waiting.push(one);
      if (this.#waiting.length === 1) void this.#commit();
    });
  }

  #abortable(one: Send, signal: AbortSignal): void {
    const abort = () => {
      const at = this.#waiting.indexOf(one);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
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

  async #commit(): Promise<void> {
    let taken: Send[] | undefined;
    try {
      const positions = await this.#store.write((tx) => {
        // Taken when the transaction has begun: who comes while it waits for the lock is in. It may be run twice.
        taken ??= this.#take();
        return this.#append(tx, taken.flatMap(({ records }) => records));
      });
      let at = 0;
      for (const one of taken ?? []) one.resolve(positions.slice(at, at += one.records.length));
    } catch (error) {
      const failed = taken ?? this.#waiting.splice(0);
      if (failed.length <= 1 || (error instanceof StoreError && error.failure !== "constraint")) {
        for (const one of failed) one.reject(error);
      } else this.#apart(failed);
    }
  }

  /** One of them can't be appended, as to a topic that does not exist: the others can. */
  #apart(sends: readonly Send[]): void {
    for (const { records, resolve, reject } of sends) {
      this.#store.write((tx) => this.#append(tx, records)).then(resolve, reject);
    }
  }

  #take(): Send[] {
    let bytes = 0;
    let count = 0;
    for (const { records } of this.#waiting) {
      if (count === MAX_SENDS || (count > 0 && bytes > MAX_BYTES)) break;
      for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
      count++;
    }
    const taken = this.#waiting.splice(0, count);
    if (this.#waiting.length > 0) void this.#commit();
    return taken;
  }
}
