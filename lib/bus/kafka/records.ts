import { Buffer } from "node:buffer";
import type { KafkaRecord, MessageToProduce, RecordsBatch } from "@platformatic/kafka";
import type { BusRecord, OutgoingRecord } from "../contract.ts";
import { partitionOfKey } from "../murmur2.ts";

/** What the library sends: bytes only, so that none of its serializers can fail. */
export type KafkaMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** Bytes a record takes in a batch beyond key, value and headers, at most. */
const RECORD_OVERHEAD = 40;
const HEADER_OVERHEAD = 10;

/** Bytes a record takes in a batch, at most. */
export function batchedBytes(record: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers ?? []) bytes += HEADER_OVERHEAD + name.length * 3 + value.length;
  return bytes;
}

/** The record as the library wants it. */
export function toMessage(record: OutgoingRecord, partition: number, now: number): KafkaMessage {
  return {
    topic: record.topic,
    partition,
    key: record.key ? asBuffer(record.key) : undefined,
    value: record.value ? asBuffer(record.value) : undefined,
    // Each name is a Buffer of its own, so the map keeps names that repeat.
    headers: record.headers &&
      new Map(record.headers.map(([name, value]) => [Buffer.from(name), asBuffer(value)])),
    timestamp: BigInt(Math.trunc(record.timestamp ?? now)),
  };
}

/** Chooses partitions as Java's producer does: the one given, by the key's murmur2, or in turn. */
export class Partitioner {
  readonly #turns = new Map<string, number>();

  /**
   * The partition of a record in a topic with so many.
   * @throws {RangeError} the topic has no such partition.
   */
  choose(record: OutgoingRecord, partitions: number): number {
    const { topic, partition, key } = record;
    if (partition !== undefined) {
      if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition;
      // The library would wrap it silently.
      throw new RangeError(
        `Cannot send to partition ${partition} of topic "${topic}": it has partitions 0 to ${partitions - 1}`,
      );
    }
    if (key) return partitionOfKey(key, partitions);
    const turn = this.#turns.get(topic) ?? 0;
    this.#turns.set(topic, turn + 1);
    return turn % partitions;
  }
}

/** Attribute bit of a batch whose timestamps the broker set when it appended. */
const LOG_APPEND_TIME = 1 << 3;

/** A record of a fetched batch. */
export function fromKafka(
  topic: string,
  partition: number,
  batch: RecordsBatch,
  record: KafkaRecord,
): BusRecord {
  const timestamp = batch.attributes & LOG_APPEND_TIME
    ? batch.maxTimestamp
    : batch.firstTimestamp + record.timestampDelta;
  return {
    topic,
    partition,
    offset: Number(batch.firstOffset) + record.offsetDelta,
    key: record.key && asBytes(record.key),
    value: record.value && asBytes(record.value),
    headers: record.headers.map(([name, value]) => [
      name?.toString("utf8") ?? "",
      value ? asBytes(value) : new Uint8Array(0),
    ]),
    timestamp: Number(timestamp),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
