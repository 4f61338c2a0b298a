import assert from "node:assert/strict";
import type { BusRecord, Subscription } from "../bus/contract.ts";
import { type BusBench, type BusCase, bytes, texts, uniqueName } from "./bus_case.ts";

/** What holds of consumer groups. */
export const GROUP_CASES: readonly BusCase[] = [
  {
    name: "a group goes on behind what it committed",
    async run(bench) {
      const topic = await bench.topic();
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      {
        await using member = await bench.open({ group, topics: [topic] });
        const records = await bench.receive(member, 3);
        await member.commit({ through: records[1]! });
      }
      await using member = await bench.open({ group, topics: [topic] });
      assert.deepEqual(texts(await bench.receive(member, 1)), ["c"]);
    },
  },
  {
    name: "what was received and not committed comes again",
    async run(bench) {
      const topic = await bench.topic();
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b"]);
      for (let i = 0; i < 2; i++) {
        await using member = await bench.open({ group, topics: [topic] });
        assert.deepEqual(texts(await bench.receive(member, 2)), ["a", "b"]);
      }
    },
  },
  {
    name: "two groups each get everything",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a", "b"]);
      for (const group of [uniqueName("group"), uniqueName("group")]) {
        await using member = await bench.open({ group, topics: [topic] });
        const records = await bench.receive(member, 2);
        assert.deepEqual(texts(records), ["a", "b"]);
        await member.commit({ through: records[1]! });
      }
    },
  },
  {
    name: "onAssigned and onRevoked tell which partitions come and go",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const told: string[] = [];
      const note = (word: string) => (partitions: readonly { topic: string; partition: number }[]) => {
        for (const one of partitions) told.push(`${word} ${one.partition} ${one.topic === topic}`);
      };
      const member = await bench.open({
        group: uniqueName("group"),
        topics: [topic],
        onAssigned: note("come"),
        onRevoked: note("go"),
      });
      await bench.assigned([member], 2);
      await member[Symbol.asyncDispose]();
      assert.deepEqual(told.sort(), ["come 0 true", "come 1 true", "go 0 true", "go 1 true"]);
    },
  },
  {
    name: "two members share the partitions, and every record is handled once",
    async run(bench) {
      const topic = await bench.topic({ partitions: 4 });
      const group = uniqueName("group");
      await using first = await bench.open({ group, topics: [topic] });
      await using second = await bench.open({ group, topics: [topic] });
      await bench.assigned([first, second], 4);
      await bench.driver.send(
        Array.from({ length: 40 }, (_, i) => ({ topic, partition: i % 4, value: bytes(`${i}`) })),
      );
      const handled: BusRecord[] = [];
      const both = [first, second];
      await Promise.all(both.map((member) => handle(bench, member, handled, 40)));
      assert.deepEqual(
        texts(handled).map(Number).sort((a, b) => a - b),
        Array.from({ length: 40 }, (_, i) => i),
      );
      await bench.eventually(
        "the group is at the end",
        async () => (await bench.driver.lag(group, [topic])).every(({ lag }) => lag === 0),
      );
    },
  },
  {
    name: "when a member leaves, the other takes its partitions and what it had not committed",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const group = uniqueName("group");
      const first = await bench.open({ group, topics: [topic] });
      await using second = await bench.open({ group, topics: [topic] });
      await bench.assigned([first, second], 2);
      const itsPartition = first.assigned()[0]!.partition;
      await bench.sendTexts(topic, ["x"], { partition: itsPartition });
      assert.deepEqual(texts(await bench.receive(first, 1)), ["x"]);
      await first[Symbol.asyncDispose]();
      assert.deepEqual(texts(await bench.receive(second, 1)), ["x"]);
      assert.equal(second.assigned().length, 2);
    },
  },
  {
    name: "lag() is right for a group that runs, one that stopped, and one that never was",
    async run(bench) {
      const topic = await bench.topic();
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      assert.deepEqual(await bench.driver.lag(uniqueName("group"), [topic]), [
        { topic, partition: 0, committed: null, endOffset: 3, lag: 3 },
      ]);
      {
        await using member = await bench.open({ group, topics: [topic] });
        const [record] = await bench.receive(member, 1);
        await member.commit({ through: record! });
        assert.deepEqual(await bench.driver.lag(group, [topic]), [
          { topic, partition: 0, committed: 1, endOffset: 3, lag: 2 },
        ]);
      }
      await bench.sendTexts(topic, ["d"]);
      assert.deepEqual(await bench.driver.lag(group), [
        { topic, partition: 0, committed: 1, endOffset: 4, lag: 3 },
      ]);
    },
  },
  {
    name: "commit() stores outputs of several topics and partitions with their own times, decades apart",
    async run(bench) {
      const input = await bench.topic();
      const outputs = [
        await bench.topic({ partitions: 3, retentionMs: Infinity }),
        await bench.topic({ retentionMs: Infinity }),
      ];
      await bench.sendTexts(input, ["one"]);
      await using member = await bench.open({ group: uniqueName("group"), topics: [input] });
      await bench.receive(member, 1);
      const sent = [0, 1, 2].flatMap((partition) =>
        [1_000_000_000_000, 1_700_000_000_000].map((timestamp) => ({
          topic: outputs[0]!,
          partition,
          value: bytes(`${partition} ${timestamp}`),
          timestamp: timestamp + partition,
        }))
      );
      const other = { topic: outputs[1]!, partition: 0, value: bytes("other"), timestamp: 1_600_000_000_000 };
      await member.commit({
        through: { topic: input, partition: 0, offset: 0 },
        outputs: [...sent, other],
      });
      await using reader = await bench.open({ group: null, topics: outputs });
      const records = await bench.receive(reader, sent.length + 1);
      const line = (one: { topic: string; partition: number; value: Uint8Array | null; timestamp: number }) =>
        `${one.topic} ${one.partition} ${one.timestamp} ${new TextDecoder().decode(one.value ?? undefined)}`;
      assert.deepEqual(records.map(line).sort(), [...sent, other].map(line).sort());
    },
  },
  {
    name: "commit() stores outputs with the offset",
    async run(bench) {
      const [input, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await bench.sendTexts(input, ["a", "b"]);
      await using member = await bench.open({ group, topics: [input] });
      const records = await bench.receive(member, 2);
      await member.commit({
        through: records[1]!,
        outputs: records.map((record) => ({ topic: output, partition: 0, value: record.value })),
      });
      await using reader = await bench.open({ group: null, topics: [output] });
      assert.deepEqual(texts(await bench.receive(reader, 2)), ["a", "b"]);
      await bench.committed(group, input, [2]);
    },
  },
  {
    name: "of two commits at a time, one with an output that can't be stored, the other is stored",
    async run(bench) {
      const [topic, output] = [await bench.topic({ partitions: 2 }), await bench.topic()];
      for (const partition of [0, 1]) await bench.sendTexts(topic, ["x"], { partition });
      const group = uniqueName("group");
      await using member = await bench.open({ group, topics: [topic] });
      await bench.receive(member, 2);
      const results = await Promise.allSettled([0, 1].map((partition) =>
        member.commit({
          through: { topic, partition, offset: 0 },
          outputs: [{ topic: output, partition: partition === 0 ? 0 : 99, value: bytes(`${partition}`) }],
        })
      ));
      assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected"]);
      await bench.committed(group, topic, [1, null]);
      await using reader = await bench.open({ group: null, topics: [output] });
      assert.deepEqual(texts(await bench.receive(reader, 1)), ["0"]);
    },
  },
  {
    name: "commit() with an output that can't be stored stores nothing and leaves the offset",
    async run(bench) {
      const [input, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await bench.sendTexts(input, ["a"]);
      await using member = await bench.open({ group, topics: [input] });
      const [record] = await bench.receive(member, 1);
      await assert.rejects(member.commit({
        through: record!,
        outputs: [{ topic: output, partition: 0, value: bytes("ok") }, {
          topic: output,
          partition: 7,
          value: null,
        }],
      }));
      assert.equal((await bench.driver.lag(group, [input]))[0]?.committed, null);
      await using reader = await bench.open({ group: null, topics: [output] });
      await bench.sendTexts(output, ["later"]);
      assert.deepEqual(texts(await bench.receive(reader, 1)), ["later"]);
    },
  },
  {
    name: "commit() runs write() in the same transaction; if it throws, nothing is stored",
    async run(bench) {
      const [input, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await bench.sendTexts(input, ["a"]);
      await using member = await bench.open({ group, topics: [input] });
      const [record] = await bench.receive(member, 1);
      const outputs = [{ topic: output, partition: 0, value: bytes("given") }];
      const write = (table: string) => ({
        through: record!,
        outputs,
        write: (tx: { run(sql: string): unknown }) => {
          tx.run(`CREATE TABLE ${table} (x)`);
          if (table === "refused") throw new RangeError("refused");
          return [{ topic: output, partition: 0, value: bytes("returned") }];
        },
      });
      await assert.rejects(member.commit(write("refused")), RangeError);
      assert.equal((await bench.driver.lag(group, [input]))[0]?.committed, null);
      await member.commit(write("kept"));
      await using reader = await bench.open({ group: null, topics: [output] });
      assert.deepEqual(texts(await bench.receive(reader, 2)), ["given", "returned"]);
      assert.equal((await bench.driver.topics.describe([output]))[0]?.partitions[0]?.endOffset, 2);
      await bench.committed(group, input, [1]);
    },
  },
];

/** Receives and commits until all members together have handled `count`. */
async function handle(
  bench: BusBench,
  member: Subscription,
  handled: BusRecord[],
  count: number,
): Promise<void> {
  await bench.eventually(`${count} records are handled`, async () => {
    const batch = await member.receive({ max: 5, maxBytes: 1_000_000, waitMs: 20 });
    const last = batch?.records.at(-1);
    if (batch && last) {
      await member.commit({ through: last });
      handled.push(...batch.records);
    }
    return handled.length >= count;
  });
}
