import assert from "node:assert/strict";
import { type BusCase, bytes, uniqueName } from "./bus_case.ts";

/** What holds of topics. */
export const TOPIC_CASES: readonly BusCase[] = [
  {
    name: "topics.apply() creates what plan() says, and nothing the second time",
    async run(bench) {
      const { driver } = bench;
      const spec = { name: uniqueName("topic"), partitions: 3, replication: 1 };
      assert.deepEqual((await driver.topics.plan([spec])).map(({ kind }) => kind), ["create"]);
      assert.deepEqual(await driver.topics.describe([spec.name]), []);
      assert.deepEqual((await driver.topics.apply([spec])).map(({ kind }) => kind), ["create"]);
      await bench.settled(spec.name);
      assert.deepEqual(await driver.topics.plan([spec]), []);
      assert.deepEqual(await driver.topics.apply([spec]), []);
    },
  },
  {
    name:
      "topics.describe() gives partitions with their first and next offsets, and leaves out what does not exist",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      await bench.driver.send([{ topic, partition: 1, value: bytes("x") }]);
      const found = await bench.driver.topics.describe([topic, uniqueName("missing")]);
      assert.deepEqual(found.map(({ name }) => name), [topic]);
      assert.deepEqual(found[0]?.partitions, [
        { partition: 0, startOffset: 0, endOffset: 0 },
        { partition: 1, startOffset: 0, endOffset: 1 },
      ]);
      assert.ok((await bench.driver.topics.describe()).some(({ name }) => name === topic));
    },
  },
  {
    name: "topics.apply() adds partitions",
    async run(bench) {
      const name = await bench.topic({ partitions: 1 });
      const spec = { name, partitions: 3 };
      assert.deepEqual((await bench.driver.topics.apply([spec])).map(({ kind }) => kind), ["add-partitions"]);
      await bench.settled(name, 3);
      await bench.eventually(
        "the new partition takes records",
        () =>
          bench.driver.send([{ topic: name, partition: 2, value: bytes("x") }]).then(() => true, () => false),
      );
    },
  },
  {
    name: "topics.apply() never takes partitions away; plan() says that it is impossible",
    async run(bench) {
      const name = await bench.topic({ partitions: 3 });
      const [change] = await bench.driver.topics.plan([{ name, partitions: 2 }]);
      assert.equal(change?.kind, "impossible");
      await bench.driver.topics.apply([{ name, partitions: 2 }]);
      assert.equal((await bench.driver.topics.describe([name]))[0]?.partitions.length, 3);
    },
  },
  {
    name: "topics.apply() changes the retention and keeps other settings",
    async run(bench) {
      const name = await bench.topic({ retentionMs: 3_600_000, maxRecordBytes: 500_000 });
      const spec = { name, partitions: 1, retentionMs: 7_200_000 };
      assert.deepEqual((await bench.driver.topics.plan([spec])).map(({ kind }) => kind), ["change-setting"]);
      await bench.driver.topics.apply([spec]);
      await bench.eventually("the new retention is described", async () => {
        const settings = (await bench.driver.topics.describe([name]))[0]?.settings;
        return settings?.["retention.ms"] === "7200000" && settings["max.message.bytes"] !== undefined;
      });
      assert.deepEqual(await bench.driver.topics.plan([{ ...spec, maxRecordBytes: 500_000 }]), []);
    },
  },
];
