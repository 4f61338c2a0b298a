import assert from "node:assert/strict";
import { ReplicationError } from "../../../../lib/bus/kafka/replication_error.ts";
import { prepareTopics } from "../../../../lib/bus/relay/prepare.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { FakeTarget } from "./fake_target.ts";

function rig(brokers: number) {
  const target = new FakeTarget();
  const apply = target.topics.apply;
  target.topics.apply = (specs) => {
    const above = specs.find(({ replication = 1 }) => replication > brokers);
    return above
      ? Promise.reject(new ReplicationError(above.name, above.replication ?? 1, brokers))
      : apply(specs);
  };
  const said: string[] = [];
  const log = createLogger({ format: "json", sink: (line) => said.push(JSON.parse(line).message) });
  return { target, log, said };
}

const SPECS = [
  { name: "there", partitions: 2, replication: 3 },
  { name: "one", partitions: 6, replication: 3 },
  { name: "two", partitions: 3, replication: 2 },
  { name: "three", partitions: 1 },
];

Deno.test("prepareTopics() makes what is missing and says once what got fewer copies", async () => {
  const { target, log, said } = rig(1);
  target.existing.set("there", 4);
  assert.deepEqual(await prepareTopics(target.topics, SPECS, log), [4, 6, 3, 1]);
  assert.deepEqual(target.applied.map(({ name, replication }) => [name, replication]), [
    ["one", 1],
    ["two", 1],
    ["three", undefined],
  ]);
  assert.deepEqual(said, [
    "Made 3 topics, 2 of them with 1 copy, fewer than asked for: the cluster has 1 broker.",
  ]);
});

Deno.test("prepareTopics() says in one line what it made, and nothing where all is there", async () => {
  const { target, log, said } = rig(3);
  await prepareTopics(target.topics, SPECS, log);
  assert.deepEqual(said, ["Made 4 topics."]);
  await prepareTopics(target.topics, SPECS, log);
  assert.deepEqual(said.length, 1);
  assert.equal(target.applied.length, 4);
});
