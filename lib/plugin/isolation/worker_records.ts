import { CODECS } from "../../bus/codec.ts";
import type { StreamRecord } from "../../bus/handler.ts";
import { DecodedRecord } from "../../bus/stream/stream_record.ts";
import { unpackRecords } from "./pack_records.ts";
import type { SentBatch } from "./protocol.ts";

/**
 * The records of a batch, as a handler sees them. Their values were read once already, in the agent's thread, where what
 * can't be read goes to the dead letters; reading again costs less than a structured clone of what was read.
 */
export function recordsOf(sent: SentBatch): StreamRecord[] {
  const { topic, codec, data } = sent;
  return unpackRecords(sent.records, sent).map((record, at) => {
    const { value } = record;
    const read = codec === "foreign" ? data?.[at] : value === null ? null : CODECS[codec].decode(value);
    return new DecodedRecord(record, topic, read);
  });
}
