import assert from "node:assert/strict";
import { openTestAgent, testPlugin } from "capstan/testing";
import redactAndForward from "./mod.ts";

const turns = [
  { value: { id: "1", question: "Mail ann@example.org the key sk-abcdefgh123" }, key: "session-1" },
  { value: { id: "2", question: "Nothing to hide" }, key: "session-2" },
];

testPlugin(redactAndForward, { records: { "tapes.turns.v1": turns } });

Deno.test("redact_and_forward forwards turns under their keys, without addresses and keys", async () => {
  await using agent = await openTestAgent(redactAndForward);
  await agent.deliver("tapes.turns.v1", turns);
  const forwarded = agent.outputs<{ id: string; question: string }>("turns.redacted.v1");
  assert.deepEqual(
    forwarded.map(({ key, data }) => [key, data.question]).sort(),
    [
      ["session-1", "Mail [redacted] the key [redacted]"],
      ["session-2", "Nothing to hide"],
    ],
  );
});

Deno.test("redact_and_forward takes other patterns and another topic", async () => {
  const config = { topic: "quiet.v1", patterns: ["hide"] };
  await using agent = await openTestAgent(redactAndForward, { config });
  await agent.deliver("tapes.turns.v1", turns.slice(1));
  assert.deepEqual(agent.published().map(({ topic, data }) => [topic, data]), [
    ["quiet.v1", { id: "2", question: "Nothing to [redacted]" }],
  ]);
});
