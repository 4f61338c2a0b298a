import assert from "node:assert/strict";
import { MultipleErrors, ResponseError } from "@platformatic/kafka";
import { topicNames } from "../../../../lib/bus/kafka/topic_names.ts";

const METADATA = 3, VERSION = 12, LEADER_NOT_AVAILABLE = 5;

/** An admin client that refuses a list as the library does. */
function refusing(error: Error) {
  return { listTopics: () => Promise.reject(new MultipleErrors("Listing topics failed.", [error])) };
}

Deno.test("topicNames() gives all topics while a partition of one of them has no leader", async () => {
  const topics = [{ name: "orders", isInternal: false }, { name: "__consumer_offsets", isInternal: true }];
  const noLeader: Record<string, [number, null]> = { "/topics/0/partitions/0": [LEADER_NOT_AVAILABLE, null] };
  const admin = refusing(new ResponseError(METADATA, VERSION, noLeader, { topics }));
  assert.deepEqual(await topicNames(admin), ["orders"]);
  assert.deepEqual(await topicNames(admin, { includeInternals: true }), ["orders", "__consumer_offsets"]);
});

Deno.test("topicNames() throws what is no answer of a broker", async () => {
  const away = new Error("connect ECONNREFUSED");
  await assert.rejects(topicNames(refusing(away)), (error: AggregateError) => error.errors[0] === away);
});
