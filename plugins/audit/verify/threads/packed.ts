import { readJson } from "capstan/json";
import { HASH_BYTES } from "../../tree/hash.ts";
import type { ChainedRecord, RecordProblem, RecordRead } from "../read_record.ts";

/** Records on their way to a thread: their bytes side by side. */
export interface PackedRecords {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of each, in order. */
  readonly lengths: Uint32Array<ArrayBuffer>;
}

/** What was read of them, on its way back. */
export interface PackedReads {
  /** JSON: a text crosses in one piece, and is read sooner than a message's objects are made. */
  readonly reads: string;
  /** Leaves of the records, side by side. */
  readonly leaves: Uint8Array<ArrayBuffer>;
}

/** A problem, or a record's columns: lists are read several times as fast as objects. */
type Packed =
  | RecordProblem
  | readonly [
    hash: string,
    writer: string,
    seq: number,
    prev: string,
    time: string,
    kind: ChainedRecord["kind"],
    tenant: string,
    subject: string | null,
    facts?: ChainedRecord["facts"],
  ];

/** Puts records side by side, in memory of their own. */
export function packRecords(records: readonly Uint8Array[]): PackedRecords {
  const lengths = Uint32Array.from(records, ({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
  }
  return { bytes, lengths };
}

/** The records again, over the same memory. */
export function unpackRecords({ bytes, lengths }: PackedRecords): Uint8Array[] {
  let at = 0;
  return Array.from(lengths, (length) => bytes.subarray(at, at += length));
}

/** Puts what was read side by side. */
export function packReads(reads: readonly RecordRead[]): PackedReads {
  const leaves = new Uint8Array(reads.length * HASH_BYTES);
  reads.forEach((read, at) => "record" in read && leaves.set(read.leaf, at * HASH_BYTES));
  return { reads: JSON.stringify(reads.map(packed)), leaves };
}

/** What was read, again. */
export function unpackReads({ reads, leaves }: PackedReads): RecordRead[] {
  return (readJson(reads) as Packed[]).map((read, at) => {
    if (!isColumns(read)) return read;
    const [hash, writer, seq, prev, time, kind, tenant, subject, facts] = read;
    const record = { writer, seq, prev, time, kind, tenant, subject: subject ?? undefined, facts };
    return { record, hash, leaf: leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES) };
  });
}

function packed(read: RecordRead): Packed {
  if (!("record" in read)) return read;
  const { record: { writer, seq, prev, time, kind, tenant, subject, facts }, hash } = read;
  const columns = [hash, writer, seq, prev, time, kind, tenant, subject ?? null] as const;
  return facts ? [...columns, facts] : columns;
}

function isColumns(read: Packed): read is Exclude<Packed, RecordProblem> {
  return Array.isArray(read);
}
