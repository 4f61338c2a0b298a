import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { RecordsBatch } from "@platformatic/kafka";
import type { BusRecord, OutgoingRecord } from "../../../../lib/bus/contract.ts";
import { PartitionChunk } from "../../../../lib/bus/kafka/partition_chunk.ts";
import { appendRecords, Partitioner, toMessage } from "../../../../lib/bus/kafka/records.ts";

const keyless: OutgoingRecord = { topic: "t", value: new Uint8Array(1) };

Deno.test("Partitioner gives records of one call without a key to one partition, until they are many", () => {
  const partitioner = new Partitioner();
  const call = (sizes: readonly number[]) => {
    partitioner.turn();
    return sizes.map((bytes) => partitioner.choose(keyless, 3, bytes));
  };
  assert.deepEqual(call([10, 10, 10]), [0, 0, 0]);
  assert.deepEqual(call([10]), [1], "each call has the next partition");
  assert.deepEqual(call([10]), [2]);
  assert.deepEqual(call([400_000, 400_000, 400_000, 10]), [0, 0, 1, 1], "a turn ends at 512 KiB");
});

Deno.test("Partitioner keeps turns of topics apart, and partitions that were given take none", () => {
  const partitioner = new Partitioner();
  partitioner.turn();
  assert.equal(partitioner.choose(keyless, 2, 10), 0);
  partitioner.turn();
  assert.equal(partitioner.choose({ ...keyless, topic: "u" }, 2, 10), 0);
  assert.equal(partitioner.choose({ ...keyless, partition: 1 }, 2, 10), 1);
  assert.equal(partitioner.choose(keyless, 2, 10), 1);
  assert.throws(() => partitioner.choose({ ...keyless, partition: 2 }, 2, 10), RangeError);
});

Deno.test("PartitionChunk places what was acknowledged, in parts, and leaves the rest out", () => {
  const chunk = new PartitionChunk("t", 4);
  [5, 0, 3, 1].forEach((index) => chunk.add(index, toMessage(keyless, 4, 0n), 10));
  assert.equal(chunk.bytes, 40);
  chunk.acknowledged(0, 2, 100);
  chunk.acknowledged(2, 1, 200);
  const positions = new Array(6);
  chunk.place(positions);
  const at = (offset: number) => ({ topic: "t", partition: 4, offset });
  assert.deepEqual([...positions], [at(101), undefined, undefined, at(200), undefined, at(100)]);
});

Deno.test("PartitionChunk places records at -1 where the broker does not say", () => {
  const chunk = new PartitionChunk("t", 0);
  [0, 1].forEach((index) => chunk.add(index, toMessage(keyless, 0, 0n), 10));
  chunk.acknowledged(0, 2, -1);
  const positions = new Array(2);
  chunk.place(positions);
  assert.deepEqual(positions.map(({ offset }) => offset), [-1, -1]);
});

Deno.test("appendRecords() begins at the offset asked for, and takes the broker's time where it set one", () => {
  const read = (attributes: number, from: number) => {
    const records: BusRecord[] = [];
    appendRecords(records, "t", 1, batch(attributes), from);
    return records;
  };
  assert.deepEqual(read(0, 11), [{
    topic: "t",
    partition: 1,
    offset: 12,
    key: new Uint8Array([1]),
    value: null,
    headers: [["n", new Uint8Array([2])], ["n", new Uint8Array(0)]],
    timestamp: 1_007,
  }]);
  const LOG_APPEND_TIME = 8;
  assert.deepEqual(read(LOG_APPEND_TIME, 0).map(({ offset, timestamp }) => [offset, timestamp]), [
    [10, 5_000],
    [12, 5_000],
  ]);
});

function batch(attributes: number): RecordsBatch {
  const record = { length: 0, attributes: 0, key: null, value: null, headers: [] };
  return {
    firstOffset: 10n,
    length: 0,
    partitionLeaderEpoch: 0,
    magic: 2,
    crc: 0,
    attributes,
    lastOffsetDelta: 2,
    firstTimestamp: 1_000n,
    maxTimestamp: 5_000n,
    producerId: -1n,
    producerEpoch: 0,
    firstSequence: 0,
    records: [
      { ...record, offsetDelta: 0, timestampDelta: 0n },
      {
        ...record,
        offsetDelta: 2,
        timestampDelta: 7n,
        key: Buffer.from([1]),
        headers: [[Buffer.from("n"), Buffer.from([2])], [Buffer.from("n"), null]],
      },
    ],
  };
}
