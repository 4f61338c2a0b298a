import assert from "node:assert/strict";
import { type BusCase, bytes, texts, uniqueName } from "./bus_case.ts";
import { MURMUR2_VECTORS } from "./murmur2_vectors.ts";

/** What holds of records on their way through a bus. */
export const RECORD_CASES: readonly BusCase[] = [
  {
    name: "send() gives positions in the order given, offsets growing per partition",
    async run(bench) {
      const topic = await bench.topic({ partitions: 3 });
      const positions = await bench.driver.send(
        [2, 0, 2, 1, 2, 0].map((partition) => ({ topic, partition, value: bytes("x") })),
      );
      assert.deepEqual(positions.map((position) => position.partition), [2, 0, 2, 1, 2, 0]);
      assert.ok(positions.every((position) => position.topic === topic));
      const twos = positions.filter(({ partition }) => partition === 2).map(({ offset }) => offset);
      assert.deepEqual(twos, [...twos].sort((a, b) => a - b));
      assert.equal(new Set(twos).size, 3);
    },
  },
  {
    name: "send() of nothing resolves with nothing",
    async run(bench) {
      assert.deepEqual(await bench.driver.send([]), []);
    },
  },
  {
    name: "records of one partition come in the order they were sent",
    async run(bench) {
      const topic = await bench.topic();
      const sent = Array.from({ length: 100 }, (_, i) => `r${i}`);
      for (let i = 0; i < sent.length; i += 20) await bench.sendTexts(topic, sent.slice(i, i + 20));
      await using reader = await bench.open({ group: null, topics: [topic] });
      assert.deepEqual(texts(await bench.receive(reader, 100)), sent);
    },
  },
  {
    name: "records of one key lie in one partition, in order",
    async run(bench) {
      const topic = await bench.topic({ partitions: 4 });
      const keys = ["a", "b", "c", "d", "e"];
      await bench.driver.send(
        Array.from({ length: 50 }, (_, i) => ({ topic, key: bytes(keys[i % 5]!), value: bytes(`${i}`) })),
      );
      await using reader = await bench.open({ group: null, topics: [topic] });
      const records = await bench.receive(reader, 50);
      keys.forEach((key, k) => {
        const its = records.filter((record) => new TextDecoder().decode(record.key!) === key);
        assert.equal(new Set(its.map(({ partition }) => partition)).size, 1);
        assert.deepEqual(texts(its), Array.from({ length: 10 }, (_, i) => `${i * 5 + k}`));
      });
    },
  },
  {
    name: "a key's partition is murmur2's, as Java's default partitioner has it",
    async run(bench) {
      const topic = await bench.topic({ partitions: 6 });
      const positions = await bench.driver.send(
        MURMUR2_VECTORS.map(([key]) => ({ topic, key: bytes(key), value: bytes("x") })),
      );
      assert.deepEqual(
        positions.map(({ partition }) => partition),
        MURMUR2_VECTORS.map(([, hash]) => (hash & 0x7fffffff) % 6),
      );
    },
  },
  {
    name: "records without a key use every partition",
    async run(bench) {
      const topic = await bench.topic({ partitions: 3 });
      const positions = [];
      for (let i = 0; i < 30; i++) positions.push(...await bench.driver.send([{ topic, value: bytes("x") }]));
      assert.equal(new Set(positions.map(({ partition }) => partition)).size, 3);
    },
  },
  {
    name: "key, value, timestamp and headers come back as they were, names repeated and values binary",
    async run(bench) {
      const topic = await bench.topic();
      const binary = Uint8Array.from({ length: 256 }, (_, i) => i);
      const headers = [["id", bytes("1")], ["id", bytes("2")], ["raw", binary], ["", bytes("")], [
        "ü",
        bytes("é"),
      ]] as const;
      await bench.driver.send([{
        topic,
        partition: 0,
        key: binary,
        value: binary,
        headers,
        timestamp: 1_700_000_000_123,
      }]);
      await using reader = await bench.open({ group: null, topics: [topic] });
      const [record] = await bench.receive(reader, 1);
      assert.ok(record);
      assert.deepEqual([...record.key!], [...binary]);
      assert.deepEqual([...record.value!], [...binary]);
      assert.equal(record.timestamp, 1_700_000_000_123);
      assert.deepEqual(
        record.headers.map(([name, value]) => [name, [...value]]),
        headers.map(([name, value]) => [name, [...value]]),
      );
    },
  },
  {
    name: "no key, an empty key, a tombstone and an empty value stay apart",
    async run(bench) {
      const topic = await bench.topic();
      await bench.driver.send([
        { topic, partition: 0, value: bytes("no key") },
        { topic, partition: 0, key: bytes(""), value: bytes("empty key") },
        { topic, partition: 0, key: bytes("k"), value: null },
        { topic, partition: 0, key: bytes("k"), value: bytes("") },
      ]);
      await using reader = await bench.open({ group: null, topics: [topic] });
      const records = await bench.receive(reader, 4);
      assert.deepEqual(records.map(({ key }) => key && key.length), [null, 0, 1, 1]);
      assert.deepEqual(texts(records), ["no key", "empty key", null, ""]);
      assert.deepEqual(records.map(({ headers }) => headers.length), [0, 0, 0, 0]);
    },
  },
  {
    name: "a value of 1 MB passes a topic that takes it",
    async run(bench) {
      const topic = await bench.topic({ maxRecordBytes: 2_000_000 });
      const value = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 31 + (i >> 8));
      await bench.driver.send([{ topic, partition: 0, value }]);
      await using reader = await bench.open({ group: null, topics: [topic] });
      const [record] = await bench.receive(reader, 1);
      assert.ok(record?.value && record.value.every((byte, i) => byte === value[i]));
      assert.equal(record.value.length, value.length);
    },
  },
  {
    name: "send() to a topic that does not exist rejects and names it",
    async run(bench) {
      const topic = uniqueName("missing");
      await assert.rejects(bench.driver.send([{ topic, value: bytes("x") }]), (error: Error) => {
        assert.ok(error.message.includes(topic), error.message);
        assert.ok(!bench.driver.isRetryable(new TypeError("no")));
        return true;
      });
    },
  },
  {
    name: "send() to a partition that does not exist rejects and stores nothing",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      for (const partition of [2, -1, 0.5]) {
        await assert.rejects(bench.driver.send([{ topic, partition, value: bytes("x") }]), /partition/);
      }
      const [description] = await bench.driver.topics.describe([topic]);
      assert.deepEqual(description?.partitions.map(({ endOffset }) => endOffset), [0, 0]);
    },
  },
];
