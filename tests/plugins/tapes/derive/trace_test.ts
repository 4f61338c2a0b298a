import assert from "node:assert/strict";
import { NODES_TOPIC } from "../../../../plugins/tapes/derive/node_event.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import { chat, user } from "./calls.ts";
import { openHarness } from "./deriver_harness.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SENT = `00-${TRACE}-00f067aa0ba902b7-01`;

Deno.test("a client's trace goes on in the events of its call, and of no other", async () => {
  await using harness = await openHarness();
  const headers = { "content-type": "application/json" };
  await harness.derive([
    chat(1, [user("one")], "a", { request_headers: { ...headers, traceparent: SENT, tracestate: "v=1" } }),
    chat(2, [user("two")], "b"),
    chat(3, [user("three")], "c", {
      request_headers: { ...headers, traceparent: "nonsense", tracestate: "v=1" },
    }),
    chat(4, [user("four")], "d", {
      request_headers: { ...headers, traceparent: SENT, tracestate: "x".repeat(1024) },
    }),
  ]);
  for (const topic of [NODES_TOPIC, TURNS_TOPIC] as const) {
    const traced = (await harness.events(topic)).flatMap(({ headers }) =>
      headers.length > 0 ? [headers] : []
    );
    const each = topic === NODES_TOPIC ? 2 : 1;
    assert.equal(traced.length, 2 * each, topic);
    const states = traced.map(([parent = [], ...state]) => {
      assert.equal(parent[0], "traceparent");
      assert.match(parent[1] ?? "", new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
      assert.notEqual(parent[1], SENT);
      return JSON.stringify(state);
    });
    const wanted = ['[["tracestate","v=1"]]', "[]"].flatMap((state) => Array<string>(each).fill(state));
    assert.deepEqual(states.sort(), wanted.sort());
  }
});
