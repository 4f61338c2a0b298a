import type { BusRecord } from "../../bus/contract.ts";
import { packHeaders, unpackHeaders } from "./pack_headers.ts";
import { type Packed, Packer, Unpacker } from "./packer.ts";

/** What every record of a batch shares. */
export interface Place {
  /** Logical name of their topic. */
  topic: string;
  /** Their partition. */
  partition: number;
}

/** Records of one topic and partition, to be transferred. */
export function packRecords(records: readonly BusRecord[]): Packed {
  const packer = new Packer();
  packer.number(records.length);
  for (const { offset, timestamp, key, value, headers } of records) {
    packer.number(offset);
    packer.number(timestamp);
    packer.bytes(key);
    packer.bytes(value);
    packHeaders(packer, headers);
  }
  return packer.finish();
}

/** The same records, on the other side. */
export function unpackRecords(packed: Packed, { topic, partition }: Place): BusRecord[] {
  const unpacker = new Unpacker(packed);
  const records: BusRecord[] = [];
  for (let left = unpacker.number(); left > 0; left--) {
    records.push({
      topic,
      partition,
      offset: unpacker.number(),
      timestamp: unpacker.number(),
      key: unpacker.bytes(),
      value: unpacker.bytes(),
      headers: unpackHeaders(unpacker),
    });
  }
  return records;
}
