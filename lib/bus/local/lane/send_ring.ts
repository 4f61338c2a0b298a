import type { OutgoingRecord, Position } from "../../contract.ts";
import { encodeHeaders } from "../headers.ts";
import { HEAD, HEAD_BYTES, RECORD, type RingViews, SLOT, STATE, UNIT, viewsOf } from "./layout.ts";

const RECORD_UNITS = RECORD.INTS * Int32Array.BYTES_PER_ELEMENT / UNIT;
const SLOT_UNITS = SLOT.INTS * Int32Array.BYTES_PER_ELEMENT / UNIT;

/** The end of the ring that sends are put into, and where what became of them is read. */
export class SendRing {
  /** Given to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #views: RingViews;
  readonly #topics = new Map<string, Uint8Array>();
  /** Units written, and units given back, so far; both wrap around. */
  #written = 0;
  #freed = 0;

  /** `bytes` is a power of two. */
  constructor(bytes: number) {
    this.memory = new SharedArrayBuffer(HEAD_BYTES + bytes);
    this.#views = viewsOf(this.memory);
  }

  /** Writes a send; the other thread sees it after `publish`. Its slot, or -1 where there is no room now. */
  put(records: readonly OutgoingRecord[], now: number): number {
    const { ints, units } = this.#views;
    // Loops without closures, as this runs for each call of the proxy.
    const headers: (Uint8Array | null)[] = [];
    let size = SLOT_UNITS;
    for (const record of records) {
      const encoded = encodeHeaders(record.headers);
      headers.push(encoded);
      size += this.#unitsOf(record, encoded);
    }
    size = Math.ceil(size / SLOT_UNITS) * SLOT_UNITS;
    let at = this.#written & (units - 1);
    const fill = at + size > units ? units - at : 0;
    if (((this.#written - this.#freed) | 0) + fill + size > units) return -1;
    if (fill > 0) {
      this.#slot(at, fill, 0);
      at = 0;
    }
    this.#slot(at, size, records.length);
    let next = at + SLOT_UNITS;
    for (let index = 0; index < records.length; index++) {
      next = this.#write(next, records[index]!, headers[index]!, now);
    }
    this.#written = (this.#written + fill + size) | 0;
    return at * (UNIT / ints.BYTES_PER_ELEMENT);
  }

  /** Shows the other thread what was put, and wakes it. */
  publish(): void {
    Atomics.store(this.#views.head, HEAD.PUBLISHED, this.#written);
    this.#call();
  }

  /** Takes a send back. False: its transaction has begun. */
  withdraw(slot: number): boolean {
    const { ints } = this.#views;
    return Atomics.compareExchange(ints, slot + SLOT.STATE, STATE.QUEUED, STATE.WITHDRAWN) === STATE.QUEUED;
  }

  /** Units settled so far, to be waited upon. */
  get settled(): number {
    return Atomics.load(this.#views.head, HEAD.SETTLED);
  }

  /** Resolves when more is settled than `settled`, which was read before. */
  async more(settled: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#views.head, HEAD.SETTLED, settled);
    if (async) await value;
  }

  /** Whether the oldest slot lies before `settled`. */
  hasSettled(settled: number): boolean {
    return ((settled - this.#freed) | 0) > 0;
  }

  /** Where the records of the oldest slot lie, in their order, or `undefined` where they are not stored; frees it. */
  take(records: readonly OutgoingRecord[]): Position[] | undefined {
    const { head, ints, doubles, units } = this.#views;
    let at = this.#freed & (units - 1);
    if (ints[2 * at + SLOT.RECORDS] === 0) {
      this.#freed = (this.#freed + ints[2 * at + SLOT.UNITS]!) | 0;
      at = 0;
    }
    const stored = ints[2 * at + SLOT.STATE] === STATE.STORED;
    let next = at + SLOT_UNITS;
    const positions = stored
      ? records.map(({ topic }) => {
        const from = 2 * next;
        const position = {
          topic,
          partition: ints[from + RECORD.PARTITION]!,
          offset: doubles[next + RECORD.NUMBER / 2]!,
        };
        next += RECORD_UNITS + bodyUnits(ints, from);
        return position;
      })
      : undefined;
    this.#freed = (this.#freed + ints[2 * at + SLOT.UNITS]!) | 0;
    if (this.#freed === this.#written) Atomics.store(head, HEAD.REFUSING, 0);
    return positions;
  }

  /** Tells the other thread to end once it has settled what is published. */
  close(): void {
    Atomics.store(this.#views.head, HEAD.CLOSING, 1);
    this.#call();
  }

  #call(): void {
    const { head } = this.#views;
    Atomics.add(head, HEAD.CALLS, 1);
    // Read behind the change of what the reader waits upon: who is not asleep yet will see that.
    if (Atomics.load(head, HEAD.ASLEEP) === 1) Atomics.notify(head, HEAD.CALLS);
  }

  #slot(at: number, units: number, records: number): void {
    const { ints } = this.#views;
    ints[2 * at + SLOT.UNITS] = units;
    ints[2 * at + SLOT.RECORDS] = records;
    Atomics.store(ints, 2 * at + SLOT.STATE, STATE.QUEUED);
  }

  #write(at: number, record: OutgoingRecord, headers: Uint8Array | null, now: number): number {
    const { ints, doubles, bytes } = this.#views;
    const from = 2 * at;
    const key = record.key ?? null;
    const topic = this.#topic(record.topic);
    ints[from + RECORD.TOPIC] = topic.length;
    ints[from + RECORD.PARTITION] = record.partition ?? -1;
    ints[from + RECORD.KEY] = key === null ? -1 : key.length;
    ints[from + RECORD.VALUE] = record.value === null ? -1 : record.value.length;
    ints[from + RECORD.HEADERS] = headers === null ? -1 : headers.length;
    doubles[at + RECORD.NUMBER / 2] = record.timestamp ?? now;
    let byte = (at + RECORD_UNITS) * UNIT;
    byte = copy(bytes, byte, topic);
    byte = copy(bytes, byte, key);
    byte = copy(bytes, byte, record.value);
    byte = copy(bytes, byte, headers);
    return Math.ceil(byte / UNIT);
  }

  #unitsOf({ topic, key, value }: OutgoingRecord, headers: Uint8Array | null): number {
    const body = this.#topic(topic).length + (key?.length ?? 0) + (value?.length ?? 0) +
      (headers?.length ?? 0);
    return RECORD_UNITS + Math.ceil(body / UNIT);
  }

  #topic(topic: string): Uint8Array {
    let name = this.#topics.get(topic);
    if (!name) this.#topics.set(topic, name = new TextEncoder().encode(topic));
    return name;
  }
}

/** Copies a part to `at`; where it ends. */
function copy(bytes: Uint8Array, at: number, part: Uint8Array | null): number {
  if (part === null) return at;
  bytes.set(part, at);
  return at + part.length;
}

/** Units of the bytes behind a record's integers. */
export function bodyUnits(ints: Int32Array, record: number): number {
  let bytes = ints[record + RECORD.TOPIC]!;
  for (const part of [RECORD.KEY, RECORD.VALUE, RECORD.HEADERS]) bytes += Math.max(0, ints[record + part]!);
  return Math.ceil(bytes / UNIT);
}
