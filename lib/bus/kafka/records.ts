import { Buffer } from "node:buffer";
import type { KafkaRecord, MessageToProduce, RecordsBatch } from "@platformatic/kafka";
import type { BusRecord, Header, OutgoingRecord } from "../contract.ts";
import { partitionOfKey } from "../murmur2.ts";

/** What the library sends: bytes only, so that none of its serializers can fail. */
export type KafkaMessage = MessageToProduce<Buffer, Buffer, Buffer, Buffer>;

/** Bytes a record takes in a batch beyond key, value and headers, at most. */
const RECORD_OVERHEAD = 40;
const HEADER_OVERHEAD = 10;

/** Bytes a record takes in a batch, at most. */
export function batchedBytes(record: OutgoingRecord): number {
  const { key, value, headers } = record;
  let bytes = RECORD_OVERHEAD + (key ? key.length : 0) + (value ? value.length : 0);
  if (headers) {
    for (const [name, value] of headers) bytes += HEADER_OVERHEAD + name.length * 3 + value.length;
  }
  return bytes;
}

/** The record as the library wants it; `now` in ms since 1970, for records without a time. */
export function toMessage(record: OutgoingRecord, partition: number, now: bigint): KafkaMessage {
  const { key, value, headers, timestamp } = record;
  return {
    topic: record.topic,
    partition,
    key: key ? asBuffer(key) : undefined,
    value: value ? asBuffer(value) : undefined,
    // Each name is a Buffer of its own, so the map keeps names that repeat.
    headers: headers && new Map(headers.map(([name, value]) => [Buffer.from(name), asBuffer(value)])),
    timestamp: timestamp === undefined ? now : BigInt(Math.trunc(timestamp)),
  };
}

/** Bytes of records without a key that go to one partition before it is the next one's turn. */
const TURN_BYTES = 524_288;

/**
 * Chooses partitions as Java's producer does: the one given, by the key's murmur2, or in turn. A turn is not a record
 * but up to 512 KiB of one call: larger batches, of which fewer are needed.
 */
export class Partitioner {
  readonly #turns = new Map<string, { turn: number; bytes: number; call: number }>();
  #call = 0;

  /** A new call begins: its records without a key go to the next partition. */
  turn(): void {
    this.#call++;
  }

  /**
   * The partition of a record, which takes so many bytes, in a topic with so many.
   * @throws {RangeError} the topic has no such partition.
   */
  choose(record: OutgoingRecord, partitions: number, bytes = TURN_BYTES): number {
    const { topic, partition, key } = record;
    if (partition !== undefined) {
      if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return partition;
      // The library would wrap it silently.
      throw new RangeError(
        `Cannot send to partition ${partition} of topic "${topic}": it has partitions 0 to ${partitions - 1}`,
      );
    }
    if (key) return partitionOfKey(key, partitions);
    let state = this.#turns.get(topic);
    if (state === undefined) this.#turns.set(topic, state = { turn: 0, bytes: 0, call: this.#call });
    else if (state.call !== this.#call || state.bytes >= TURN_BYTES) {
      state.turn++;
      state.bytes = 0;
      state.call = this.#call;
    }
    state.bytes += bytes;
    return state.turn % partitions;
  }
}

/** Attribute bit of a batch whose timestamps the broker set when it appended. */
const LOG_APPEND_TIME = 1 << 3;

const NO_HEADERS: BusRecord["headers"] = Object.freeze([]);

/** Appends a fetched batch's records from offset `from` on; a batch is given whole, though asked for from its middle. */
export function appendRecords(
  records: BusRecord[],
  topic: string,
  partition: number,
  batch: RecordsBatch,
  from: number,
): void {
  const firstOffset = Number(batch.firstOffset);
  const firstTimestamp = Number(batch.firstTimestamp);
  const appendedAt = batch.attributes & LOG_APPEND_TIME ? Number(batch.maxTimestamp) : undefined;
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = firstOffset + offsetDelta;
    if (offset < from) continue;
    records.push({
      topic,
      partition,
      offset,
      key: key && asBytes(key),
      value: value && asBytes(value),
      headers: headers.length === 0 ? NO_HEADERS : headers.map(readHeader),
      timestamp: appendedAt ?? firstTimestamp + Number(timestampDelta),
    });
  }
}

function readHeader([name, value]: KafkaRecord["headers"][number]): Header {
  return [name?.toString("utf8") ?? "", value ? asBytes(value) : new Uint8Array(0)];
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asBytes(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
