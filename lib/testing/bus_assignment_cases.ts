import assert from "node:assert/strict";
import type { Assignment, StartFrom, Subscription } from "../bus/contract.ts";
import { type BusCase, texts, uniqueName } from "./bus_case.ts";

/** What holds of partitions that come to a reader, and of choosing among them. */
export const ASSIGNMENT_CASES: readonly BusCase[] = [
  {
    name: "together: partitions of one number go to one member, as members come and go",
    async run(bench) {
      // Six do not divide by four: what goes round from topic to topic would part them.
      const topics = [await bench.topic({ partitions: 6 }), await bench.topic({ partitions: 6 })];
      const open = { group: uniqueName("group"), topics, together: true };
      const members: Subscription[] = [];
      const paired = async () => {
        await bench.arrived(members, 12);
        for (const member of members) {
          const [one, other] = topics.map((topic) =>
            member.assigned().filter((each) => each.topic === topic).map(({ partition }) => partition).sort()
          );
          assert.deepEqual(one, other);
          assert.ok(one && one.length <= Math.ceil(6 / members.length), `${one?.length} of 6`);
        }
      };
      await using closing = new AsyncDisposableStack();
      for (let count = 1; count <= 4; count++) {
        members.push(closing.use(await bench.open(open)));
        await paired();
      }
      await members.shift()?.[Symbol.asyncDispose]();
      await paired();
    },
  },
  {
    name:
      "onAssigned tells where the group is, and where reading starts in partitions it has committed nothing of",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      await bench.sendTexts(topic, ["d", "e"], { partition: 1 });
      {
        await using member = await bench.open({ group, topics: [topic] });
        const records = await bench.receive(member, 5);
        await member.commit({ through: records.find(({ partition }) => partition === 0) ?? assert.fail() });
      }
      const told = async (group: string, from: StartFrom) => {
        const came: Assignment[] = [];
        const onAssigned = (partitions: readonly Assignment[]) => void came.push(...partitions);
        await using member = await bench.open({ group, topics: [topic], from, onAssigned });
        await bench.arrived([member], 2);
        await bench.eventually("both were told", () => Promise.resolve(came.length === 2));
        came.sort((a, b) => a.partition - b.partition);
        return came.map(({ partition, committed, position }) => [partition, committed, position]);
      };
      assert.deepEqual(await told(group, "earliest"), [[0, 1, 1], [1, null, 0]]);
      assert.deepEqual(await told(uniqueName("group"), "latest"), [[0, null, 3], [1, null, 2]]);
      assert.deepEqual(await told(uniqueName("group"), { offset: 1 }), [[0, null, 1], [1, null, 1]]);
    },
  },
  {
    name: "onAssigned is awaited before the first record, with its partitions assigned",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      await bench.sendTexts(topic, ["a"]);
      await bench.sendTexts(topic, ["b"], { partition: 1 });
      const holding = Promise.withResolvers<void>();
      // Whatever comes: a member that is still told of its partitions can't be closed.
      using _released = { [Symbol.dispose]: holding.resolve };
      const came = Promise.withResolvers<void>();
      const opening = bench.open({
        group: uniqueName("group"),
        topics: [topic],
        onAssigned: async () => {
          came.resolve();
          await holding.promise;
        },
      });
      const opened: { member?: Subscription } = {};
      const seen = opening.then(async (member) => {
        opened.member = member;
        return texts(await bench.receive(member, 2));
      });
      await came.promise;
      // Whether open() waits for it too is the driver's affair: no record is the contract.
      const early = await opened.member?.receive({ max: 1, maxBytes: 1_000, waitMs: 0 });
      assert.equal(early ?? null, null);
      if (opened.member) assert.equal(opened.member.assigned().length, 2);
      let told = false;
      seen.then(() => told = true, () => undefined);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
      assert.equal(told, false, "records came while onAssigned ran");
      holding.resolve();
      assert.deepEqual((await seen).sort(), ["a", "b"]);
      await (await opening)[Symbol.asyncDispose]();
    },
  },
  {
    name: "partitions that come in a rebalance give no record while onAssigned runs; the others go on",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const group = uniqueName("group");
      const came: number[] = [];
      const holding: { until?: Promise<void> } = {};
      await using first = await bench.open({
        group,
        topics: [topic],
        onAssigned: async (partitions) => {
          came.push(...partitions.map(({ partition }) => partition));
          await holding.until;
        },
      });
      await bench.arrived([first], 2);
      const second = await bench.open({ group, topics: [topic] });
      await bench.arrived([first, second], 2);
      const [kept, moved] = [first.assigned()[0]?.partition, second.assigned()[0]?.partition];
      came.length = 0;
      const held = Promise.withResolvers<void>();
      // Whatever comes: a member that is still told of its partitions can't be closed.
      using _released = { [Symbol.dispose]: held.resolve };
      holding.until = held.promise;
      for (const partition of [0, 1]) await bench.sendTexts(topic, [`${partition}`], { partition });
      const leaving = second[Symbol.asyncDispose]();
      await bench.eventually("it came", async () => {
        await first.receive({ max: 1, maxBytes: 1, waitMs: 5, only: () => false });
        return came.length > 0;
      });
      await leaving;
      assert.deepEqual(texts(await bench.receive(first, 1)), [`${kept}`]);
      assert.equal(await first.receive({ max: 1, maxBytes: 1_000, waitMs: 300 }), null, "it is held");
      held.resolve();
      assert.deepEqual(texts(await bench.receive(first, 1)), [`${moved}`]);
    },
  },
  {
    name: "seek() before the first record goes before what the group has committed, and commits nothing",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      await bench.sendTexts(topic, ["x"], { partition: 1 });
      {
        await using member = await bench.open({ group, topics: [topic] });
        for (const through of await bench.receive(member, 4)) await member.commit({ through });
      }
      await using member = await bench.open({ group, topics: [topic] });
      await bench.arrived([member], 2);
      member.seek({ topic, partition: 0, offset: 1 });
      assert.deepEqual(texts(await bench.receive(member, 2)), ["b", "c"], "partition 1 was not touched");
      assert.equal((await bench.driver.lag(group, [topic]))[0]?.committed, 3);
    },
  },
  {
    name: "receive() with `only` gives those partitions alone; the others' records wait",
    async run(bench) {
      const topic = await bench.topic({ partitions: 3 });
      for (const partition of [0, 1, 2]) await bench.sendTexts(topic, [`${partition}`], { partition });
      for (const group of [null, uniqueName("group")]) {
        await using reader = await bench.open({ group, topics: [topic] });
        await bench.arrived([reader], 3);
        for (const wanted of [2, 0, 1]) {
          const [record] = await bench.receive(reader, 1, { only: (place) => place.partition === wanted });
          assert.deepEqual([record?.partition, record?.topic], [wanted, topic]);
          const none = await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 20, only: () => false });
          assert.equal(none, null);
        }
      }
    },
  },
  {
    name: "position() is behind what was given, follows seek(), and is null where nothing is read",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      await bench.sendTexts(topic, ["a", "b", "c"]);
      for (const group of [null, uniqueName("group")]) {
        await using reader = await bench.open({ group, topics: [topic] });
        await bench.arrived([reader], 2);
        const position = (partition: number) => reader.position({ topic, partition });
        await bench.receive(reader, 2);
        assert.deepEqual([position(0), position(1), position(2)], [2, 0, null]);
        reader.seek({ topic, partition: 0, offset: 1 });
        assert.equal(position(0), 1);
        await bench.receive(reader, 2);
        assert.equal(position(0), 3);
      }
    },
  },
  {
    name: "a reader without a group may name its partitions",
    async run(bench) {
      const topic = await bench.topic({ partitions: 3 });
      for (const partition of [0, 1, 2]) await bench.sendTexts(topic, [`${partition}`], { partition });
      await using reader = await bench.open({ group: null, topics: [topic], partitions: [0, 2] });
      assert.deepEqual(texts(await bench.receive(reader, 2)).sort(), ["0", "2"]);
      assert.deepEqual(reader.assigned().map(({ partition }) => partition).sort(), [0, 2]);
      assert.equal(await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 20 }), null);
    },
  },
];
