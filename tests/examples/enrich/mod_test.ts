import assert from "node:assert/strict";
import { openTestAgent, testPlugin } from "capstan/testing";
import enrich from "./mod.ts";

const turns = [{ value: { id: "1", user: "ann" } }, { value: { id: "2" } }];

testPlugin(enrich, { records: { "tapes.turns.v1": turns } });

Deno.test("enrich adds the team that was set for the user", async () => {
  await using agent = await openTestAgent(enrich);
  const set = await agent.command("enrich set", ["ann", "red"]);
  assert.deepEqual([set.code, set.stdout], [0, "ann: red\n"]);
  await agent.deliver("tapes.turns.v1", turns);
  const teams = agent.outputs<{ id: string; team: string }>("turns.enriched.v1")
    .map(({ data }) => `${data.id} ${data.team}`);
  assert.deepEqual(teams.sort(), ["1 red", "2 unknown"]);
});
