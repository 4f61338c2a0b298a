import assert from "node:assert/strict";
import { lowerReplication } from "../../../lib/cli/lower_replication.ts";

Deno.test("lowerReplication() lowers what asks for more, but for topics that have what they ask for", async () => {
  const specs = [
    { name: "as-declared", partitions: 1, replication: 3 },
    { name: "lowered-before", partitions: 1, replication: 3 },
    { name: "new", partitions: 1, replication: 3 },
    { name: "fewer", partitions: 1, replication: 1 },
    { name: "cluster's own", partitions: 1 },
  ];
  const admin = {
    describe: (names: readonly string[] = []) =>
      Promise.resolve(
        [{ name: "as-declared", replication: 3 }, { name: "lowered-before", replication: 2 }]
          .filter(({ name }) => names.includes(name))
          .map((topic) => ({ ...topic, partitions: [], settings: {} })),
      ),
  };
  const lowered = await lowerReplication(admin, specs, 2);
  assert.deepEqual(lowered.map(({ replication }) => replication), [3, 2, 2, 1, undefined]);
  assert.equal(await lowerReplication(admin, specs, undefined), specs);
});
