import assert from "node:assert/strict";
import { type BusCase, uniqueName } from "./bus_case.ts";

/** What holds of looking at consumer groups. */
export const GROUP_ADMIN_CASES: readonly BusCase[] = [
  {
    name: "groups.list() and describe() tell of a group that runs and of one that stopped",
    async run(bench) {
      const { groups } = bench.driver;
      const topic = await bench.topic({ partitions: 2 });
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      {
        await using member = await bench.open({ group, topics: [topic] });
        await bench.arrived([member], 2);
        const [record] = await bench.receive(member, 1);
        await member.commit({ through: record ?? assert.fail() });
        assert.ok((await groups.list()).includes(group));
        await bench.eventually("it is described as running", async () => {
          const [found] = await groups.describe([group]);
          return found?.state === "running";
        });
        const found = await groups.describe([group, uniqueName("missing")]);
        assert.deepEqual(found.map(({ name, members }) => [name, members.length]), [[group, 1]]);
        const partitions = found[0]?.members[0]?.partitions.map((each) => [each.topic, each.partition])
          .sort();
        assert.deepEqual(partitions, [[topic, 0], [topic, 1]]);
        const first = found[0]?.partitions.find(({ partition }) => partition === 0);
        assert.deepEqual(first, { topic, partition: 0, committed: 1, endOffset: 3, lag: 2 });
      }
      await bench.eventually("nobody is in it", async () => {
        const [found] = await groups.describe([group]);
        return found?.state === "empty" && found.members.length === 0;
      });
      assert.equal((await groups.describe([group]))[0]?.partitions[0]?.lag, 2);
    },
  },
  {
    name: "groups.lags() tells of several groups at once; topics that do not exist are left out",
    async run(bench) {
      const topics = [await bench.topic(), await bench.topic()];
      for (const topic of topics) await bench.sendTexts(topic, ["a", "b"]);
      const [one, other] = [uniqueName("group"), uniqueName("group")];
      await using member = await bench.open({ group: one, topics: [topics[0] ?? ""] });
      const [record] = await bench.receive(member, 1);
      await member.commit({ through: record ?? assert.fail() });
      const lags = await bench.driver.groups.lags([
        { group: one },
        { group: other, topics: [...topics, uniqueName("missing")] },
      ]);
      const told = lags.map(({ group, topic, committed, endOffset, lag }) => (
        { group: group === one ? 1 : 2, topic: topics.indexOf(topic), committed, endOffset, lag }
      ));
      assert.deepEqual(told.sort((a, b) => a.group - b.group || a.topic - b.topic), [
        { group: 1, topic: 0, committed: 1, endOffset: 2, lag: 1 },
        { group: 2, topic: 0, committed: null, endOffset: 2, lag: 2 },
        { group: 2, topic: 1, committed: null, endOffset: 2, lag: 2 },
      ]);
      assert.deepEqual(await bench.driver.groups.lags([]), []);
    },
  },
];
