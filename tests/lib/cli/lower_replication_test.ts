import assert from "node:assert/strict";
import { type LowerOptions, lowerReplication } from "../../../lib/cli/lower_replication.ts";

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
  const wanted = specs.map((spec) => ({ logical: spec.name, plugin: "shop", spec }));
  const none = { wanted, isConfigured: () => false };
  const copies = async (options: LowerOptions) =>
    (await lowerReplication(options)).specs.map(({ replication }) => replication);
  assert.deepEqual(await copies({ ...none, admin, limit: 2 }), [3, 2, 2, 1, undefined]);
  assert.deepEqual(await copies({ ...none, admin, limit: undefined }), [3, 3, 3, 1, undefined]);

  const two = { ...admin, brokers: () => Promise.resolve(2) };
  assert.deepEqual(await copies({ ...none, admin: two, limit: undefined }), [3, 2, 2, 1, undefined]);
  assert.equal(
    (await lowerReplication({ ...none, admin: two, limit: undefined })).remark,
    "2 topics asked for more copies than there are brokers and get 2: the cluster has 2 brokers",
  );
  const isConfigured = ({ logical }: { logical: string }) => logical === "new";
  assert.deepEqual(await copies({ wanted, admin: two, limit: undefined, isConfigured }), [
    3,
    2,
    3,
    1,
    undefined,
  ]);
  const three = { ...admin, brokers: () => Promise.resolve(3) };
  assert.equal((await lowerReplication({ ...none, admin: three, limit: undefined })).remark, undefined);
});
