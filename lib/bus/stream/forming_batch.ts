import type { BusRecord } from "../contract.ts";
import { recordBytes } from "./record_bytes.ts";

/** Bounds of a batch. */
export interface BatchBounds {
  /** At least 1. */
  maxRecords: number;
  /** But for the first record. */
  maxBytes: number;
  /** Milliseconds to let a batch fill after its first record. */
  lingerMs: number;
}

/**
 * Records of one partition that wait to be a batch. What is received when it is nearly full stays for the next, so it
 * holds less than two batches.
 */
export class FormingBatch {
  readonly #bounds: BatchBounds;
  #records: BusRecord[] = [];
  #sizes: number[] = [];
  #bytes = 0;
  #since = 0;

  /** Empty. */
  constructor(bounds: BatchBounds) {
    this.#bounds = bounds;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#records.length === 0;
  }

  /** When its first record was made, in milliseconds since 1970; 0 where it has none. */
  get oldest(): number {
    return this.#records[0]?.timestamp ?? 0;
  }

  /** Whether waiting longer would not make the batch larger. */
  get full(): boolean {
    return this.#records.length >= this.#bounds.maxRecords || this.#bytes >= this.#bounds.maxBytes;
  }

  /** Milliseconds of the clock when it is handed on though it is not full. */
  get due(): number {
    return this.full ? -Infinity : this.#since + this.#bounds.lingerMs;
  }

  /** Adds records, in the order of their offsets. */
  add(records: readonly BusRecord[], now: number): void {
    if (this.empty) this.#since = now;
    for (const record of records) {
      const size = recordBytes(record);
      this.#records.push(record);
      this.#sizes.push(size);
      this.#bytes += size;
    }
  }

  /** Takes one batch out, of `maxRecords` at most; what is left counts as come `now`. */
  take(now: number, maxRecords = this.#bounds.maxRecords): BusRecord[] {
    const { maxBytes } = this.#bounds;
    let count = 0;
    let bytes = 0;
    for (const size of this.#sizes) {
      if (count >= maxRecords || (count > 0 && bytes + size > maxBytes)) break;
      count++;
      bytes += size;
    }
    this.#sizes.splice(0, count);
    this.#bytes -= bytes;
    this.#since = now;
    return this.#records.splice(0, count);
  }
}
