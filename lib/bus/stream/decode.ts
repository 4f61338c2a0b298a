import type { BusRecord } from "../contract.ts";
import type { StreamRecord } from "../handler.ts";
import { isErased } from "../erased.ts";
import type { TopicCodec } from "../topic_codecs.ts";
import { DecodedRecord } from "./stream_record.ts";

/** Records as a handler sees them, and those whose values can't be read. */
export interface Decoded {
  /** In their order. */
  records: readonly StreamRecord[];
  /** Why, by record as it lies in the log. */
  unreadable: readonly { record: BusRecord; cause: unknown }[];
}

/** How records are read. */
export interface DecodeOptions {
  /** Logical name of their topic. */
  topic: string;
  /** The topic's; `undefined` leaves values as they lie. */
  codec: TopicCodec | undefined;
}

/** Reads the values of some records of one topic; those that were emptied are left out. */
export function decodeRecords(given: readonly BusRecord[], { topic, codec }: DecodeOptions): Decoded {
  const records = given.some(isErased) ? given.filter((record) => !isErased(record)) : given;
  if (codec === undefined || codec.isBytes) {
    return {
      records: records.map((record) => new DecodedRecord(record, topic, record.value)),
      unreadable: [],
    };
  }
  const read: StreamRecord[] = [];
  const unreadable: { record: BusRecord; cause: unknown }[] = [];
  for (const record of records) {
    let data: unknown;
    try {
      data = codec.decode(record.value);
    } catch (cause) {
      unreadable.push({ record, cause });
      continue;
    }
    read.push(new DecodedRecord(record, topic, data));
  }
  return { records: read, unreadable };
}
