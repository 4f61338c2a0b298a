import type { RecordRead } from "../read_record.ts";
import { type PackedReads, packRecords, unpackReads } from "./packed.ts";

/** Batches a thread has before it at most, so that it never waits for the next one. */
export const AHEAD = 3;

/** One thread that reads records. */
export class ReaderThread implements Disposable {
  readonly #worker: Worker;
  #waiting: PromiseWithResolvers<RecordRead[]>[] = [];
  #down: Error | undefined;

  /** Starts it. */
  constructor() {
    this.#worker = new Worker(new URL("./reader_worker.ts", import.meta.url), {
      type: "module",
      name: "capstan audit reader",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<PackedReads>) =>
      this.#waiting.shift()?.resolve(unpackReads(data));
    this.#worker.onerror = (event) => {
      // Without this the whole process would end with the Worker.
      event.preventDefault();
      this.#fail(new Error(`Cannot read records: their thread ended: ${event.message}; verify again`));
    };
  }

  /** Batches before it. */
  get load(): number {
    return this.#waiting.length;
  }

  /** Whether it takes one more. */
  get hasRoom(): boolean {
    return !this.#down && this.load < AHEAD;
  }

  /** Reads records; the caller keeps them. */
  read(records: readonly Uint8Array[]): Promise<RecordRead[]> {
    if (this.#down) return Promise.reject(this.#down);
    const waiting = Promise.withResolvers<RecordRead[]>();
    this.#waiting.push(waiting);
    const packed = packRecords(records);
    this.#worker.postMessage(packed, [packed.bytes.buffer, packed.lengths.buffer]);
    return waiting.promise;
  }

  /** Ends the thread; what is under way fails. Safe twice. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#fail(new Error("Cannot read records: their thread was ended"));
  }

  #fail(error: Error): void {
    this.#down ??= error;
    for (const { promise, reject } of this.#waiting) {
      // Whoever went away no longer waits for it.
      promise.catch(() => {});
      reject(error);
    }
    this.#waiting = [];
  }
}
