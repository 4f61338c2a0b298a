import assert from "node:assert/strict";
import { type BusCase, bytes, uniqueName } from "./bus_case.ts";

/** What holds of records that are taken away by hand. */
export const DELETE_CASES: readonly BusCase[] = [
  {
    name: "topics.deleteRecords() removes what lies before an offset, and no offset is given again",
    async run(bench) {
      const { driver } = bench;
      const topic = await bench.topic({ partitions: 2 });
      await driver.send(["a", "b", "c", "d"].map((value) => ({ topic, partition: 1, value: bytes(value) })));
      assert.equal(await driver.topics.deleteRecords({ topic, partition: 1, offset: 3 }), 3);
      await bench.eventually("the first offset that is kept is described", async () => {
        const [found] = await driver.topics.describe([topic]);
        return found?.partitions[1]?.startOffset === 3 && found.partitions[1].endOffset === 4;
      });
      const reader = await bench.open({ group: null, topics: [topic], from: "earliest" });
      const batch = await reader.receive({ max: 10, maxBytes: 1_000_000, waitMs: bench.deadlineMs });
      assert.deepEqual(batch?.records.map(({ offset }) => offset), [3]);
      assert.equal(await driver.topics.deleteRecords({ topic, partition: 1, offset: 4 }), 4);
      const [position] = await driver.send([{ topic, partition: 1, value: bytes("e") }]);
      assert.equal(position?.offset, 4);
    },
  },
  {
    name: "topics.deleteRecords() leaves what was removed before, and a group goes on behind it",
    async run(bench) {
      const { driver } = bench;
      const topic = await bench.topic();
      const group = uniqueName("group");
      await driver.send(["a", "b", "c"].map((value) => ({ topic, value: bytes(value) })));
      {
        await using member = await bench.open({ group, topics: [topic], from: "earliest" });
        const first = await member.receive({ max: 1, maxBytes: 1_000_000, waitMs: 30_000 });
        assert.equal(first?.records[0]?.offset, 0);
        await member.commit({ through: { topic, partition: 0, offset: 0 } });
      }
      assert.equal(await driver.topics.deleteRecords({ topic, partition: 0, offset: 2 }), 2);
      assert.equal(await driver.topics.deleteRecords({ topic, partition: 0, offset: 1 }), 2);
      await using member = await bench.open({ group, topics: [topic], from: "earliest" });
      const next = await member.receive({ max: 10, maxBytes: 1_000_000, waitMs: 30_000 });
      assert.deepEqual(next?.records.map(({ offset }) => offset), [2]);
    },
  },
  {
    name: "topics.deleteRecords() refuses an offset behind the end, and a partition that is not there",
    async run(bench) {
      const { driver } = bench;
      const topic = await bench.topic();
      await driver.send([{ topic, value: bytes("a") }]);
      await assert.rejects(driver.topics.deleteRecords({ topic, partition: 0, offset: 2 }), /Cannot delete/);
      await assert.rejects(driver.topics.deleteRecords({ topic, partition: 7, offset: 0 }), /Cannot delete/);
      assert.equal((await driver.topics.describe([topic]))[0]?.partitions[0]?.startOffset, 0);
    },
  },
];
