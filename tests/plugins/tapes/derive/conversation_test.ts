import assert from "node:assert/strict";
import type { Call } from "../../../../plugins/tapes/call.ts";
import { TURNS_TOPIC } from "../../../../plugins/tapes/derive/turn_event.ts";
import type { StoredTurn } from "../../../../plugins/tapes/ledger/turns.ts";
import { assistant, callId, chat, respond, user } from "./calls.ts";
import { openHarness } from "./deriver_harness.ts";

async function turnsOf(calls: readonly Call[]): Promise<StoredTurn[]> {
  await using harness = await openHarness();
  await harness.derive(calls);
  return harness.rows<StoredTurn>("turns");
}

/** Which conversation each call came into, by the number of the call that opened it. */
async function conversationsOf(calls: readonly Call[]): Promise<string[]> {
  return (await turnsOf(calls)).map(({ conversation }) => conversation);
}

Deno.test("a request that extends a recorded one is of its conversation", async () => {
  const opening = [user("hello")];
  assert.deepEqual(
    await conversationsOf([
      chat(1, opening, "hi"),
      chat(2, [...opening, assistant("hi"), user("more")], "sure"),
      chat(3, [...opening, assistant("hi"), user("more"), assistant("sure"), user("thanks")], "bye"),
    ]),
    [callId(1), callId(1), callId(1)],
  );
});

Deno.test("an identical opening is a new conversation, an identical request after an answer is the same", async () => {
  const second = [user("hello"), assistant("hi"), user("more")];
  assert.deepEqual(
    await conversationsOf([
      chat(1, [user("hello")], "hi"),
      chat(2, [user("hello")], "hi there"),
      chat(3, second, "sure"),
      chat(4, second, "of course"),
    ]),
    [callId(1), callId(2), callId(1), callId(1)],
  );
});

Deno.test("of several conversations with one opening the one whose answer follows is continued", async () => {
  const calls = Array.from(
    { length: 100 },
    (_, index) => chat(index + 1, [user("hello")], `answer ${index + 1}`),
  );
  calls.push(chat(200, [user("hello"), assistant(" answer 7\n"), user("go on")], "yes"));
  calls.push(chat(201, [user("hello"), assistant("answer 93"), user("go on")], "yes"));
  assert.deepEqual((await conversationsOf(calls)).slice(-2), [callId(7), callId(93)]);
});

Deno.test("an answer with tool calls is recognised where the client repeats it", async () => {
  const call = (id: string, city: string) => ({
    role: "assistant",
    content: null,
    tool_calls: [{
      id,
      type: "function",
      function: { name: "weather", arguments: JSON.stringify({ city }) },
    }],
  });
  const opening = [user("weather?")];
  const result = (id: string) => ({ role: "tool", tool_call_id: id, content: "sunny" });
  assert.deepEqual(
    await conversationsOf([
      chat(1, opening, call("c1", "Paris")),
      chat(2, opening, call("c2", "Rome")),
      chat(3, [...opening, call("c1", "Paris"), result("c1")], "Sunny in Paris."),
      chat(4, [...opening, call("c2", "Rome"), result("c2")], "Sunny in Rome."),
    ]),
    [callId(1), callId(2), callId(1), callId(2)],
  );
});

Deno.test("conversations of other tenants, users and agents are never continued", async () => {
  const next = [user("hello"), assistant("hi"), user("more")];
  const scopes = [{}, { tenant: "t" }, { user: "u" }, { agent: "a" }, { tenant: "t", user: "u" }];
  // A node's hash has the agent in it, so that its conversations differ by hash already.
  const calls = scopes.flatMap((scope, index) => [
    chat(10 + index, [user("hello")], "hi", scope),
    chat(20 + index, next, "yes", scope),
  ]);
  const found = await conversationsOf(calls);
  assert.deepEqual(found, scopes.flatMap((_, index) => [callId(10 + index), callId(10 + index)]));
  assert.deepEqual(
    await conversationsOf([
      chat(1, [user("hello")], "hi", { tenant: "a" }),
      chat(2, next, "yes", { tenant: "b" }),
    ]),
    [callId(1), callId(2)],
  );
});

Deno.test("a session is the conversation, whatever its requests are", async () => {
  const turns = await turnsOf([
    chat(1, [user("hello")], "hi", { session: "s-1" }),
    chat(2, [user("something else")], "ok", { session: "s-1" }),
    chat(3, [user("hello"), assistant("hi"), user("more")], "sure", { session: "s-1" }),
    chat(4, [user("hello")], "hi", { session: "s-2" }),
  ]);
  assert.deepEqual(turns.map(({ conversation }) => conversation), ["s-1", "s-1", "s-1", "s-2"]);
  assert.deepEqual(turns.map(({ new_messages }) => new_messages), [1, 1, 1, 1]);
});

Deno.test("previous_response_id continues the answer's node and its conversation, in one batch and across batches", async () => {
  const calls = [
    respond(1, "hello", "hi"),
    respond(2, "more", "sure", { previous: "resp_1" }),
    respond(3, "and on", "yes", { previous: "resp_2" }),
    respond(4, "other", "no", { previous: "resp_unknown" }),
    respond(5, "stolen", "no", { previous: "resp_1", tenant: "other" }),
  ];
  for (const batches of [[calls], calls.map((call) => [call])]) {
    await using harness = await openHarness();
    for (const batch of batches) assert.deepEqual(await harness.derive(batch), []);
    const turns = harness.rows<StoredTurn>("turns");
    assert.deepEqual(turns.map(({ conversation }) => conversation), [1, 1, 1, 4, 5].map(callId));
    const nodes = new Map(
      harness.rows<{ hash: string; parent_hash: string | null }>("nodes").map((n) => [n.hash, n]),
    );
    for (const [index, turn] of turns.entries()) {
      const parent = nodes.get(turn.request_head ?? "")?.parent_hash;
      assert.equal(parent, index === 1 || index === 2 ? turns[index - 1]?.head_hash : null);
      assert.equal(turn.root_hash, turns[index < 3 ? 0 : index]?.request_head);
    }
  }
});

Deno.test("a turn's event has what the turn added and nothing twice", async () => {
  await using harness = await openHarness();
  const system = { role: "system", content: "Be brief." };
  await harness.derive([
    chat(1, [system, user("hello")], "hi"),
    chat(2, [system, user("hello"), assistant("hi"), user("more")], ["sure", "of course"]),
  ]);
  const events = (await harness.events(TURNS_TOPIC)).map(({ key, value }) => ({ key, ...JSON.parse(value) }));
  assert.deepEqual(events.map(({ key }) => key), [callId(1), callId(1)]);
  const said = events.flatMap(({ messages, answers }) => [...messages, ...answers]);
  assert.deepEqual(said.map(({ content }) => content[0].text), [
    "Be brief.",
    "hello",
    "hi",
    "more",
    "sure",
    "of course",
  ]);
  assert.deepEqual(events.map(({ messages_before }) => messages_before), [0, 3]);
  const hashes = new Set(harness.rows<{ hash: string }>("nodes").map(({ hash }) => hash));
  for (const { hash } of said) assert.ok(hashes.has(hash));
});

Deno.test("each choice is a node of its own on the same parent, and the usage stands on the first alone", async () => {
  await using harness = await openHarness();
  await harness.derive([chat(1, [user("hello")], ["a", "b", "c"])]);
  const [asked, ...answers] = harness.rows<
    { hash: string; parent_hash: string; total_tokens: number | null }
  >("nodes");
  assert.equal(answers.length, 3);
  for (const answer of answers) assert.equal(answer.parent_hash, asked?.hash);
  assert.deepEqual(answers.map(({ total_tokens }) => total_tokens), [15, null, null]);
});
