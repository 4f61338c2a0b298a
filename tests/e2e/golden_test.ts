import assert from "node:assert/strict";
import { startAgent } from "./agent.ts";
import { writeConfig } from "./config.ts";
import { bytesOf, type GoldenCase, goldenCases, joined, scriptOf, sendStep } from "./golden.ts";
import { ledgerOf } from "./ledger.ts";
import { assertNodeEvents, nodeEvent, recordsOf } from "./records.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";

/** Replays cases of one provider through one agent, and gives the events it made. */
async function replay(
  cases: readonly GoldenCase[],
  t: Deno.TestContext,
): Promise<ReturnType<typeof nodeEvent>[]> {
  const [first] = cases;
  assert.ok(first);
  await using dir = await tempDir();
  await using upstream = await startStandIn({ script: cases.flatMap(scriptOf) });
  await writeConfig(dir.path, { upstream: upstream.origin, provider: first.provider, project: "golden" });
  await using agent = await startAgent({ dir: dir.path });
  for (const golden of cases) {
    await t.step(golden.name, async () => {
      for (const step of golden.steps) {
        const expected = joined(step.upstream_response.chunks.map(bytesOf));
        assert.deepEqual(await sendStep(agent.proxy, step), expected);
      }
    });
  }
  assert.equal(await agent.stop(), 0, agent.said());
  const sent = cases.flatMap((golden) => golden.steps);
  assert.deepEqual(upstream.paths(), sent.map((step) => step.request.path));
  assert.equal((await ledgerOf(`${dir.path}/capstan.sqlite`)).turns, sent.length);
  const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
  assertNodeEvents(events);
  return events.map(nodeEvent);
}

for (const provider of ["openai", "anthropic", "ollama"] as const) {
  Deno.test(`tapes-golden, ${provider}: the exact cases give exactly their hashes as events`, async (t) => {
    const cases = (await goldenCases()).filter((golden) =>
      golden.provider === provider && golden.match === "exact"
    );
    const events = await replay(cases, t);
    const expected = new Set(cases.flatMap((golden) => golden.nodes.map((node) => node.hash)));
    assert.deepEqual(new Set(events.map((event) => event.node.hash)), expected);
  });

  Deno.test(`tapes-golden, ${provider}: where tapes drops content each call still gives its nodes`, async (t) => {
    const cases = (await goldenCases()).filter((golden) =>
      golden.provider === provider && golden.match !== "exact"
    );
    const events = await replay(cases, t);
    const answers = events.filter((event) => event.node.bucket.role === "assistant");
    assert.ok(answers.length >= cases.length, `${answers.length} answers of ${cases.length} cases`);
    for (const { node } of events) {
      assert.ok(node.bucket.content === null || node.bucket.content.length > 0, node.hash);
    }
  });
}
