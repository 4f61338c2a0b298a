import assert from "node:assert/strict";
import fc from "fast-check";
import type { Call } from "../../../../plugins/tapes/call.ts";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import { assistant, chat, respond, user } from "./calls.ts";
import { type Harness, openHarness } from "./deriver_harness.ts";

const CALLS: readonly Call[] = [
  chat(1, [user("hello")], "hi"),
  chat(2, [user("hello")], "hi"),
  chat(3, [user("hello"), assistant("hi"), user("more")], ["sure", "of course"]),
  chat(4, [user("hello")], "no", { status: 429 }),
  respond(5, "hello", "hi"),
  respond(6, "more", "sure", { previous: "resp_5" }),
  chat(7, [user("hello"), assistant("hi"), user("more"), assistant("sure"), user("thanks")], "bye"),
  chat(8, [user("hello"), assistant("hi"), user("more")], "sure", { session: "s", tenant: "t" }),
  chat(9, [user("hello")], "hi", { body: { tools: [{ type: "function", function: { name: "f" } }] } }),
  respond(10, "last", "yes", { previous: "resp_6" }),
];

async function stateOf(harness: Harness): Promise<unknown> {
  return {
    nodes: harness.rows("nodes"),
    turns: harness.rows("turns"),
    blobs: harness.store.read((db) => db.all("SELECT * FROM blobs ORDER BY hash")),
    nodeEvents: await harness.events(NODES_TOPIC),
    turnEvents: await harness.events(TURNS_TOPIC),
  };
}

/** A delivery: from a call on (at most where the last one ended), so many calls. */
const delivery = fc.record({ from: fc.nat(CALLS.length), count: fc.integer({ min: 1, max: CALLS.length }) });

Deno.test("delivering any prefix again, in any batches, gives the same rows and events", async () => {
  await using once = await openHarness();
  await once.derive(CALLS);
  const expected = await stateOf(once);
  await fc.assert(
    fc.asyncProperty(fc.array(delivery, { maxLength: 12 }), async (deliveries) => {
      await using harness = await openHarness();
      let reached = 0;
      for (const { from, count } of [...deliveries, { from: CALLS.length, count: CALLS.length }]) {
        const begin = Math.min(from, reached);
        const batch = CALLS.slice(begin, begin + count);
        await harness.derive(batch);
        reached = Math.max(reached, begin + batch.length);
      }
      await harness.derive(CALLS.slice(reached));
      assert.deepEqual(await stateOf(harness), expected);
    }),
    { numRuns: 25 },
  );
});

Deno.test("a batch that has a call twice enters it once", async () => {
  await using harness = await openHarness();
  const [call] = CALLS;
  assert.ok(call);
  await harness.derive([call, call]);
  assert.equal(harness.rows("turns").length, 1);
  assert.equal((await harness.events(TURNS_TOPIC)).length, 1);
});

Deno.test("a commit that is taken back and tried again gives the same rows and events, and counts once", async () => {
  await using once = await openHarness();
  await once.derive(CALLS);
  await using twice = await openHarness({ takesBack: true });
  await twice.derive(CALLS);
  assert.deepEqual(await stateOf(twice), await stateOf(once));
  assert.deepEqual(once.counted, { turns_total: CALLS.length, nodes_total: once.rows("nodes").length });
  assert.deepEqual(twice.counted, once.counted);
});
