import type { OutgoingRecord, Position } from "../../contract.ts";
import { decodeHeaders } from "../headers.ts";
import { HEAD, RECORD, type RingViews, SLOT, STATE, UNIT, viewsOf } from "./layout.ts";
import { bodyUnits } from "./send_ring.ts";

const RECORD_UNITS = RECORD.INTS * Int32Array.BYTES_PER_ELEMENT / UNIT;
const SLOT_UNITS = SLOT.INTS * Int32Array.BYTES_PER_ELEMENT / UNIT;

/** How long and how often a reader looks again before it lets itself be woken. */
const NAP_MS = 0.1;
const NAPS = 40;

/** Sends taken from the ring, to be settled together. */
export interface TakenSends {
  /** Of all sends that were not withdrawn, in their order. Bytes are copies. */
  records: OutgoingRecord[];
  /** Where each record lies in the ring, in units. */
  readonly at: readonly number[];
  /** Slots of the sends, in units. */
  readonly slots: readonly number[];
  /** Units up to their end. */
  readonly end: number;
}

/** The end of the ring that sends are taken from. */
export class RingReader {
  readonly #views: RingViews;
  readonly #decoder = new TextDecoder();
  /** Units read so far; wraps around. */
  #read = 0;

  /** `memory` is that of a `SendRing`. */
  constructor(memory: SharedArrayBuffer) {
    this.#views = viewsOf(memory);
  }

  /**
   * Blocks the thread until there are sends. False: all are settled, and no more will come. It looks for them by itself
   * for a while: to wake a thread costs who wakes it several microseconds.
   */
  wait(): boolean {
    const { head } = this.#views;
    for (let nap = 0; nap < NAPS; nap++) {
      Atomics.wait(head, HEAD.NEVER, 0, NAP_MS);
      if (Atomics.load(head, HEAD.PUBLISHED) !== this.#read) return true;
    }
    for (;;) {
      const calls = Atomics.load(head, HEAD.CALLS);
      if (Atomics.load(head, HEAD.PUBLISHED) !== this.#read) return true;
      if (Atomics.load(head, HEAD.CLOSING) === 1) return false;
      Atomics.store(head, HEAD.ASLEEP, 1);
      Atomics.wait(head, HEAD.CALLS, calls);
      Atomics.store(head, HEAD.ASLEEP, 0);
    }
  }

  /** Takes all there are; from here on they can't be withdrawn. */
  take(): TakenSends {
    const { head, ints, units } = this.#views;
    const end = Atomics.load(head, HEAD.PUBLISHED);
    const records: OutgoingRecord[] = [];
    const at: number[] = [];
    const slots: number[] = [];
    while (this.#read !== end) {
      const slot = this.#read & (units - 1);
      this.#read = (this.#read + ints[2 * slot + SLOT.UNITS]!) | 0;
      if (ints[2 * slot + SLOT.RECORDS] === 0) continue;
      const state = Atomics.compareExchange(ints, 2 * slot + SLOT.STATE, STATE.QUEUED, STATE.TAKEN);
      if (state !== STATE.QUEUED) continue;
      let next = slot + SLOT_UNITS;
      slots.push(slot);
      for (let left = ints[2 * slot + SLOT.RECORDS]!; left > 0; left--) {
        records.push(this.#record(next));
        at.push(next);
        next += RECORD_UNITS + bodyUnits(ints, 2 * next);
      }
    }
    return { records, at, slots, end };
  }

  /** Whether sends are to be handed back: an earlier one was, and they must not overtake it. */
  get refusing(): boolean {
    return Atomics.load(this.#views.head, HEAD.REFUSING) === 1;
  }

  /** Says what became of them: `positions` of their records, or nothing where they are not stored. */
  settle(taken: TakenSends, positions?: readonly Position[]): void {
    const { head, ints, doubles } = this.#views;
    positions?.forEach(({ partition, offset }, index) => {
      const record = taken.at[index]!;
      ints[2 * record + RECORD.PARTITION] = partition;
      doubles[record + RECORD.NUMBER / 2] = offset;
    });
    const state = positions ? STATE.STORED : STATE.FAILED;
    for (const slot of taken.slots) ints[2 * slot + SLOT.STATE] = state;
    if (!positions && taken.slots.length > 0) Atomics.store(head, HEAD.REFUSING, 1);
    Atomics.store(head, HEAD.SETTLED, taken.end);
    Atomics.notify(head, HEAD.SETTLED);
  }

  #record(at: number): OutgoingRecord {
    const { ints, doubles, bytes } = this.#views;
    const from = 2 * at;
    let byte = (at + RECORD_UNITS) * UNIT;
    const part = (length: number) => length < 0 ? null : bytes.slice(byte, byte += length);
    const topic = this.#decoder.decode(part(ints[from + RECORD.TOPIC]!)!);
    const partition = ints[from + RECORD.PARTITION]!;
    const key = part(ints[from + RECORD.KEY]!);
    const value = part(ints[from + RECORD.VALUE]!);
    const headers = part(ints[from + RECORD.HEADERS]!);
    return {
      topic,
      ...(partition >= 0 && { partition }),
      key,
      value,
      headers: decodeHeaders(headers),
      timestamp: doubles[at + RECORD.NUMBER / 2]!,
    };
  }
}
