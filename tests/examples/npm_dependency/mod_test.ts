import assert from "node:assert/strict";
import { openTestAgent, testPlugin } from "capstan/testing";
import digests from "./mod.ts";

const turn = { id: "1", b: [1, 2], a: "é" };

testPlugin(digests, { records: { "tapes.turns.v1": [{ value: turn }] } });

Deno.test("npm_dependency publishes the SHA-256 of each turn in canonical JSON", async () => {
  await using agent = await openTestAgent(digests);
  await agent.deliver("tapes.turns.v1", [{ value: turn, key: "session" }]);
  const canonical = new TextEncoder().encode('{"a":"é","b":[1,2],"id":"1"}');
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", canonical)).toHex();
  const [digest] = agent.outputs("turns.digests.v1");
  assert.deepEqual([digest?.key, digest?.data], ["session", { id: "1", sha256 }]);
});
