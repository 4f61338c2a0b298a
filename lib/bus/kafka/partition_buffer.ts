import type { BusRecord, Position } from "../contract.ts";

/** Records of one partition that were fetched and not yet received. */
export class PartitionBuffer {
  /** The topic. */
  readonly topic: string;
  /** The partition, from 0. */
  readonly partition: number;
  /** Where the next fetch starts: behind everything fetched, control records too. */
  position: number;
  /** Grows with each `seek`; what was asked for before it is dropped. */
  turn = 0;
  /** Gives nothing yet: its reader is being told that the partition came. */
  held = true;
  /** The last record given out since the last seek. */
  lastTaken: number | undefined;
  /** The last record committed since the last seek. */
  #lastCommitted: number | undefined;
  #records: BusRecord[] = [];
  #head = 0;
  #bytes = 0;

  /** Reading starts at `offset`. */
  constructor({ topic, partition, offset }: Position) {
    this.topic = topic;
    this.partition = partition;
    this.position = offset;
  }

  /** Bytes waiting. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#head === this.#records.length;
  }

  /** Offset behind what was given out, and behind what can't be. */
  get reached(): number {
    return this.#records[this.#head]?.offset ?? this.position;
  }

  /** Adds what was fetched; `next` is where the next fetch starts. */
  fill(records: readonly BusRecord[], next: number): void {
    for (const record of records) {
      this.#records.push(record);
      this.#bytes += bytesOf(record);
    }
    this.position = Math.max(this.position, next);
  }

  /** Takes up to `max` records and, but for the first, `maxBytes`. */
  take(max: number, maxBytes: number): BusRecord[] {
    const taken: BusRecord[] = [];
    let bytes = 0;
    for (let record = this.#records[this.#head]; record !== undefined; record = this.#records[this.#head]) {
      const size = bytesOf(record);
      if (taken.length >= max || (taken.length > 0 && bytes + size > maxBytes)) break;
      taken.push(record);
      bytes += size;
      this.#head++;
    }
    this.#bytes -= bytes;
    if (this.empty) {
      this.#records = [];
      this.#head = 0;
    }
    this.lastTaken = taken.at(-1)?.offset ?? this.lastTaken;
    return taken;
  }

  /** Drops what waits and starts anew at `offset`. */
  seek(offset: number): void {
    this.#records = [];
    this.#head = 0;
    this.#bytes = 0;
    this.position = offset;
    this.lastTaken = undefined;
    this.#lastCommitted = undefined;
    this.turn++;
  }

  /** Whether every record that was fetched was given out and committed, and at least one was. */
  get everythingCommitted(): boolean {
    return this.empty && this.lastTaken !== undefined && this.#lastCommitted === this.lastTaken;
  }

  /** Notes that everything up to `through` is committed. */
  committed(through: number): void {
    this.#lastCommitted = through;
  }

  /**
   * The offset to commit when everything up to `through` is handled: where nothing waits behind it, control records of
   * transactions are passed too, so that a group that has read everything has no lag.
   */
  commitOffset(through: number): number {
    const all = this.empty && this.lastTaken !== undefined && through >= this.lastTaken;
    return all ? Math.max(this.position, through + 1) : through + 1;
  }
}

function bytesOf(record: BusRecord): number {
  const { key, value, headers } = record;
  let bytes = 32 + (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  if (headers.length > 0) { for (const [name, value] of headers) bytes += name.length + value.length; }
  return bytes;
}
