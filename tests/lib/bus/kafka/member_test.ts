import assert from "node:assert/strict";
import { KafkaClients } from "../../../../lib/bus/kafka/clients.ts";
import { KafkaMember, MEMBER_TIMES } from "../../../../lib/bus/kafka/member.ts";
import { PartitionBuffer } from "../../../../lib/bus/kafka/partition_buffer.ts";
import { instantClock } from "../stream/instant_clock.ts";
import { silent } from "./bench.ts";

/** A member that is told of its joins by the test; nothing is connected. */
async function setUp() {
  const clients = new KafkaClients({ bootstrapServers: ["127.0.0.1:1"] });
  const { library, connection } = await clients.open();
  const consumer = new library.Consumer({ ...connection, groupId: "g", autocommit: false });
  const told: string[] = [];
  const note = (word: string) => (partitions: readonly { partition: number }[]) => {
    if (partitions.length > 0) told.push(`${word} ${partitions.map(({ partition }) => partition)}`);
  };
  const member = new KafkaMember({
    consumer,
    topics: ["t"],
    times: MEMBER_TIMES,
    clock: instantClock(),
    log: silent,
    onLost: note("lost"),
    onGained: note("gained"),
  });
  const join = (memberId: string, generationId: number, partitions: number[]) => {
    const assignments = [{ topic: "t", partitions }];
    consumer.emit("consumer:group:join", { groupId: "g", memberId, generationId, assignments });
    return told.splice(0);
  };
  return { member, join, [Symbol.asyncDispose]: () => member.close() };
}

Deno.test("a partition stays with a member over generations in a row; over a gap another may have had it", async () => {
  await using rig = await setUp();
  const { member, join } = rig;
  assert.deepEqual(join("m", 1, [0, 1]), ["gained 0,1"]);
  assert.deepEqual(join("m", 2, [1, 2]), ["lost 0", "gained 2"]);
  assert.deepEqual(join("m", 3, [1, 2]), []);
  assert.deepEqual(join("m", 5, [1, 2]), ["lost 1,2", "gained 1,2"]);
  assert.ok(member.owns({ topic: "t", partition: 1 }));
  assert.deepEqual(
    join("n", 6, [1]),
    ["lost 1,2", "gained 1"],
    "who was dropped and joined anew begins anew",
  );
  assert.ok(!member.owns({ topic: "t", partition: 2 }));
  assert.deepEqual(member.generation, { member: "n", number: 6 });
});

Deno.test("PartitionBuffer: what is read once more after a seek is not committed by what was committed before", () => {
  const record = (offset: number) => ({
    ...{ topic: "t", partition: 0, offset, key: null, value: null, headers: [], timestamp: 0 },
  });
  const buffer = new PartitionBuffer({ topic: "t", partition: 0, offset: 0 });
  buffer.fill([record(0), record(1)], 3);
  assert.equal(buffer.take(10, 1_000).length, 2);
  assert.equal(buffer.everythingCommitted, false);
  assert.equal(buffer.commitOffset(1), 3, "control records behind are passed");
  assert.equal(buffer.commitOffset(0), 1);
  buffer.committed(1);
  assert.equal(buffer.everythingCommitted, true);
  buffer.seek(0);
  assert.equal(buffer.everythingCommitted, false);
  buffer.fill([record(0), record(1)], 3);
  buffer.take(10, 1_000);
  assert.equal(buffer.everythingCommitted, false);
});
