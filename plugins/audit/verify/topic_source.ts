import type { BusRecord } from "capstan";
import { parseExportLine } from "./export_format.ts";
import type { TrailItem } from "./trail_verifier.ts";

/** A trail in its two topics. */
export interface TopicTrail {
  /** Records of the trail. */
  readonly records: AsyncIterable<BusRecord>;
  /** Its checkpoints, and what stands for removed records, as lines of an export have it. */
  readonly checkpoints: AsyncIterable<BusRecord>;
}

/** The items of a trail in its topics: the checkpoints first, which wait for their records. */
export async function* topicItems({ records, checkpoints }: TopicTrail): AsyncGenerator<TrailItem> {
  const decoder = new TextDecoder();
  for await (const record of checkpoints) {
    const where = placeOf(record);
    const value = record.value ?? new Uint8Array();
    const line = parseExportLine(value);
    if (line.type === "anchor") yield { type: "anchor", anchor: line.anchor, where };
    else yield { type: "checkpoint", note: decoder.decode(value), where };
  }
  for await (const record of records) {
    yield { type: "record", bytes: record.value ?? new Uint8Array(), where: placeOf(record) };
  }
}

/** `ai.audit/3 at 17`. */
function placeOf({ topic, partition, offset }: BusRecord): string {
  return `${topic}/${partition} at ${offset}`;
}
