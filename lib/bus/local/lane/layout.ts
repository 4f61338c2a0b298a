/**
 * The memory two threads share to pass sends: a head of `HEAD_BYTES`, then a ring of slots, one for each send, in
 * units of 8 bytes. A slot is four integers (`SLOT`), then each record: eight integers (`RECORD`), of which the last
 * two are a double, then the bytes of topic, key, value and headers, filled up to a whole unit.
 */
export const HEAD_BYTES = 64;
/** Bytes of a unit. */
export const UNIT = 8;

/**
 * Integers of the head: units written and units settled so far (they wrap around), whether the end has come, and how
 * often the reader was to look at these again: what it waits upon, so that it misses neither. Nobody touches `NEVER`.
 * `REFUSING` is 1 from a send that was handed back until the ring is empty: what follows it must not overtake it.
 * `ASLEEP` is 1 while the reader waits to be woken.
 */
export const HEAD = {
  PUBLISHED: 0,
  SETTLED: 1,
  CLOSING: 2,
  CALLS: 3,
  NEVER: 4,
  REFUSING: 5,
  ASLEEP: 6,
} as const;

/**
 * Integers of a slot. Without records it only fills the ring up to its end; slots are multiples of `SLOT`'s size, so that
 * there is always room for one.
 */
export const SLOT = { STATE: 0, UNITS: 1, RECORDS: 2, INTS: 4 } as const;

/**
 * Integers of a record. Lengths in bytes; -1 stands for null, and for a partition that the log is to choose. Once it
 * is stored `PARTITION` and `NUMBER` say where; before that `NUMBER` is its timestamp.
 */
export const RECORD = { TOPIC: 0, PARTITION: 1, KEY: 2, VALUE: 3, HEADERS: 4, NUMBER: 6, INTS: 8 } as const;

/** What a slot has come to. Only one thread wins the step from `QUEUED`. */
export const STATE = { QUEUED: 1, TAKEN: 2, WITHDRAWN: 3, STORED: 4, FAILED: 5 } as const;

/** Integers, doubles and bytes of the ring, and integers of the head. */
export interface RingViews {
  /** See `HEAD`. */
  head: Int32Array;
  /** Two a unit. */
  ints: Int32Array;
  /** One a unit. */
  doubles: Float64Array;
  /** Eight a unit. */
  bytes: Uint8Array;
  /** Units of the ring; a power of two. */
  units: number;
}

/** Views of a memory. */
export function viewsOf(memory: SharedArrayBuffer): RingViews {
  return {
    head: new Int32Array(memory, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT),
    ints: new Int32Array(memory, HEAD_BYTES),
    doubles: new Float64Array(memory, HEAD_BYTES),
    bytes: new Uint8Array(memory, HEAD_BYTES),
    units: (memory.byteLength - HEAD_BYTES) / UNIT,
  };
}
