import assert from "node:assert/strict";
import { type BusCase, bytes, texts, uniqueName } from "./bus_case.ts";

/** What holds of where reading starts and goes on. */
export const START_CASES: readonly BusCase[] = [
  {
    name: "a reader without a group starts at the earliest record and commits nothing",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a", "b"]);
      for (let i = 0; i < 2; i++) {
        await using reader = await bench.open({ group: null, topics: [topic] });
        const records = await bench.receive(reader, 2);
        assert.deepEqual(texts(records), ["a", "b"]);
        await assert.rejects(reader.commit({ through: records[0]! }));
      }
    },
  },
  {
    name: 'a reader from "latest" gets only what comes after it was opened',
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["old"]);
      await using reader = await bench.open({ group: null, topics: [topic], from: "latest" });
      await bench.assigned([reader], 1);
      await bench.sendTexts(topic, ["new"]);
      assert.deepEqual(texts(await bench.receive(reader, 1)), ["new"]);
    },
  },
  {
    name: 'a group from "latest" gets only what comes after it has its partitions',
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["old"]);
      await using member = await bench.open({ group: uniqueName("group"), topics: [topic], from: "latest" });
      await bench.assigned([member], 1);
      await bench.sendTexts(topic, ["new"]);
      assert.deepEqual(texts(await bench.receive(member, 1)), ["new"]);
    },
  },
  {
    name: 'a group from "latest" that left without a commit starts at the latest again; after one, behind it',
    async run(bench) {
      const topic = await bench.topic();
      const open = () => bench.open({ group, topics: [topic], from: "latest" });
      const group = uniqueName("group");
      const told: (number | null)[] = [];
      {
        await using member = await open();
        await bench.assigned([member], 1);
        await bench.sendTexts(topic, ["given"]);
        assert.deepEqual(texts(await bench.receive(member, 1)), ["given"]);
      }
      told.push((await bench.driver.lag(group, [topic]))[0]?.committed ?? null);
      await bench.sendTexts(topic, ["between"]);
      {
        await using member = await open();
        await bench.assigned([member], 1);
        await bench.sendTexts(topic, ["new"]);
        const [record] = await bench.receive(member, 1);
        assert.deepEqual(texts([record!]), ["new"]);
        await member.commit({ through: record! });
      }
      await bench.sendTexts(topic, ["after"]);
      await using member = await open();
      assert.deepEqual(texts(await bench.receive(member, 1)), ["after"]);
      assert.deepEqual(told, [null], "reading alone commits nothing");
    },
  },
  {
    name: 'a commit in one partition is none in another: that one starts at the "latest" again',
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const group = uniqueName("group");
      {
        await using member = await bench.open({ group, topics: [topic], from: "latest" });
        await bench.assigned([member], 2);
        await bench.sendTexts(topic, ["x"]);
        const [record] = await bench.receive(member, 1);
        await member.commit({ through: record! });
      }
      await bench.sendTexts(topic, ["behind"]);
      await bench.sendTexts(topic, ["between"], { partition: 1 });
      await using member = await bench.open({ group, topics: [topic], from: "latest" });
      await bench.arrived([member], 2);
      await bench.sendTexts(topic, ["new"], { partition: 1 });
      assert.deepEqual(texts(await bench.receive(member, 2)).sort(), ["behind", "new"]);
    },
  },
  {
    name: "a member may commit where it starts before it has read anything",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      await bench.sendTexts(topic, ["old"]);
      const group = uniqueName("group");
      {
        await using member = await bench.open({ group, topics: [topic], from: "latest" });
        await bench.assigned([member], 2);
        await member.commit({ through: { topic, partition: 0, offset: 0 } });
        await member.commit({ through: { topic, partition: 1, offset: -1 } });
        await bench.committed(group, topic, [1, 0]);
      }
      await bench.sendTexts(topic, ["between"]);
      await bench.sendTexts(topic, ["first"], { partition: 1 });
      await using member = await bench.open({ group, topics: [topic], from: "latest" });
      assert.deepEqual(texts(await bench.receive(member, 2)).sort(), ["between", "first"]);
    },
  },
  {
    name: "a reader starts at an offset",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a", "b", "c"]);
      await using reader = await bench.open({ group: null, topics: [topic], from: { offset: 1 } });
      assert.deepEqual(texts(await bench.receive(reader, 2)), ["b", "c"]);
    },
  },
  {
    name: "a reader starts at the first record of a time or later",
    async run(bench) {
      const topic = await bench.topic();
      const start = 1_700_000_000_000;
      await bench.driver.send(
        ["a", "b", "c"].map((text, i) => ({
          topic,
          partition: 0,
          value: bytes(text),
          timestamp: start + i * 1_000,
        })),
      );
      await using reader = await bench.open({
        group: null,
        topics: [topic],
        from: { timestamp: start + 500 },
      });
      assert.deepEqual(texts(await bench.receive(reader, 2)), ["b", "c"]);
    },
  },
  {
    name: "seek() goes back and forward",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a", "b", "c"]);
      await using member = await bench.open({ group: uniqueName("group"), topics: [topic] });
      assert.deepEqual(texts(await bench.receive(member, 3)), ["a", "b", "c"]);
      member.seek({ topic, partition: 0, offset: 0 });
      assert.deepEqual(texts(await bench.receive(member, 1)), ["a"]);
      member.seek({ topic, partition: 0, offset: 2 });
      assert.deepEqual(texts(await bench.receive(member, 1)), ["c"]);
    },
  },
  {
    name: "receive() gives one partition at a time, at most `max` records, and each partition its turn",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const half = Array.from({ length: 10 }, (_, i) => `${i}`);
      await bench.sendTexts(topic, half);
      await bench.sendTexts(topic, half, { partition: 1 });
      await using reader = await bench.open({ group: null, topics: [topic] });
      const seen = new Map<number, (string | null)[]>([[0, []], [1, []]]);
      await bench.eventually("twenty records came", async () => {
        const batch = await reader.receive({ max: 3, maxBytes: 1_000_000, waitMs: 50 });
        if (batch) {
          assert.ok(batch.records.length <= 3);
          assert.ok(batch.records.every(({ partition }) => partition === batch.partition));
          seen.get(batch.partition)?.push(...texts(batch.records));
        }
        return seen.get(0)!.length + seen.get(1)!.length === 20;
      });
      assert.deepEqual([...seen.values()], [half, half]);
    },
  },
  {
    name: "receive() keeps to `maxBytes` but for the first record",
    async run(bench) {
      const topic = await bench.topic();
      const big = "x".repeat(1_000);
      await bench.sendTexts(topic, [big, big, big]);
      await using reader = await bench.open({ group: null, topics: [topic] });
      const sizes: number[] = [];
      await bench.eventually("three records came", async () => {
        const batch = await reader.receive({ max: 10, maxBytes: 100, waitMs: 50 });
        if (batch) sizes.push(batch.records.length);
        return sizes.length === 3;
      });
      assert.deepEqual(sizes, [1, 1, 1]);
    },
  },
  {
    name: "receive() resolves with null when nothing comes, and when its signal aborts",
    async run(bench) {
      const topic = await bench.topic();
      await using reader = await bench.open({ group: null, topics: [topic] });
      assert.equal(await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 10 }), null);
      const abort = new AbortController();
      const waiting = reader.receive({ max: 1, maxBytes: 1_000, waitMs: 3_600_000, signal: abort.signal });
      abort.abort();
      assert.equal(await waiting, null);
    },
  },
  {
    name: "a reader that waits gets what is sent meanwhile",
    async run(bench) {
      const topic = await bench.topic();
      await using reader = await bench.open({ group: null, topics: [topic] });
      const waiting = bench.receive(reader, 1);
      await bench.sendTexts(topic, ["x"]);
      assert.deepEqual(texts(await waiting), ["x"]);
    },
  },
  {
    name: "open() of a topic that does not exist rejects and names it",
    async run(bench) {
      const topic = uniqueName("missing");
      await assert.rejects(
        bench.open({ group: uniqueName("group"), topics: [topic] }),
        (error: Error) => error.message.includes(topic),
      );
    },
  },
];
