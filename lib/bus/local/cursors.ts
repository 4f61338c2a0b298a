import type { Reader } from "../../store/contract.ts";
import type { Position, ReceiveOptions, RecordBatch } from "../contract.ts";
import type { LocalCatalog } from "./catalog.ts";
import type { LocalRecords } from "./records.ts";

/** A partition being read. */
export interface Cursor {
  /** Its topic. */
  topic: string;
  /** Its number in the topic. */
  partition: number;
  /** Offset of the next record to give. */
  next: number;
  /** Gives records; a cursor that is not ready keeps its place and waits. */
  ready: boolean;
  /** Of the owner, in a group. */
  epoch: number;
  /** What the group had committed when it came; `null`: nothing, or no group. */
  committed: number | null;
}

/** Records that retention removed before a reader had them. */
export interface Gap {
  /** `null` for a reader without a group. */
  group: string | null;
  /** Where. */
  topic: string;
  /** Where in the topic. */
  partition: number;
  /** First offset missed. */
  from: number;
  /** Offset reading goes on at. */
  to: number;
}

/** The partitions of one subscription, served in turns. */
export class LocalCursors {
  readonly #records: LocalRecords;
  readonly #catalog: LocalCatalog;
  readonly #cursors = new Map<string, Cursor>();

  /** Reads by `records`. */
  constructor(records: LocalRecords, catalog: LocalCatalog) {
    this.#records = records;
    this.#catalog = catalog;
  }

  /** All of them. */
  list(): Cursor[] {
    return [...this.#cursors.values()];
  }

  /** One of them. */
  get(topic: string, partition: number): Cursor | undefined {
    return this.#cursors.get(`${partition}/${topic}`);
  }

  /** Adds one at the end of the line. */
  add(cursor: Cursor): void {
    this.#cursors.set(`${cursor.partition}/${cursor.topic}`, cursor);
  }

  /** Takes one away. */
  remove(cursor: Cursor): void {
    this.#cursors.delete(`${cursor.partition}/${cursor.topic}`);
  }

  /** Records of the next partition that has some, in turns; `null` where none has. */
  take(
    db: Reader,
    bounds: Pick<ReceiveOptions, "max" | "maxBytes" | "only">,
    missed: (cursor: Cursor, gap: { from: number; to: number }) => void,
  ): RecordBatch | null {
    for (const cursor of this.list()) {
      if (!cursor.ready || bounds.only?.(cursor) === false) continue;
      const partition = this.#catalog.partition(db, cursor.topic, cursor.partition);
      if (!partition) continue;
      const records = this.#records.read(db, partition, cursor.next, bounds.max, bounds.maxBytes);
      const first = records[0];
      const last = records.at(-1);
      if (!first || !last) continue;
      if (first.offset > cursor.next) missed(cursor, { from: cursor.next, to: first.offset });
      cursor.next = last.offset + 1;
      // To the end of the line.
      this.remove(cursor);
      this.add(cursor);
      return { topic: cursor.topic, partition: cursor.partition, records };
    }
    return null;
  }

  /**
   * Goes on at another offset.
   * @throws {RangeError} the partition is not read here, or the offset is none.
   */
  seek({ topic, partition, offset }: Position): void {
    const cursor = this.get(topic, partition);
    if (!cursor) {
      throw new RangeError(`Cannot seek in ${topic}/${partition}: this subscription does not read it now`);
    }
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new RangeError(`Cannot seek in ${topic}/${partition}: ${offset} is no offset; give 0 or more`);
    }
    cursor.next = offset;
  }
}
