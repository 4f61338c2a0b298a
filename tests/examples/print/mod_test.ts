import assert from "node:assert/strict";
import { openTestAgent, testPlugin } from "capstan/testing";
import print from "./mod.ts";

const turn = {
  model: "gpt-4o",
  answers: [{ content: [{ text: "The quick brown fox" }] }],
  usage: { total_tokens: 12 },
};

testPlugin(print, { records: { "tapes.turns.v1": [{ value: turn }] } });

Deno.test("print logs model, answer and tokens of each turn, cut to its length", async () => {
  await using agent = await openTestAgent(print, { config: { length: 9 } });
  await agent.deliver("tapes.turns.v1", [{ value: turn }, { value: {} }]);
  const lines = agent.logs.filter(({ component }) => component === "print");
  assert.deepEqual(lines.map(({ message, fields }) => [message, fields.tokens]), [
    ["gpt-4o: The quick", 12],
    ["?: ", undefined],
  ]);
});
