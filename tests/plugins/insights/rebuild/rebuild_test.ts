import assert from "node:assert/strict";
import { openTestAgent, type TestAgent } from "capstan/testing";
import insights from "../../../../plugins/insights/mod.ts";
import { feedbackOn, published, START, tables, toolTurn } from "./scenario.ts";

const TURNS = "tapes.turns.v1";
const FEEDBACK = "ai-feedback-events";

/** Tool calls with and without results, feedback before and after its turn, and some on nothing. */
async function play(agent: TestAgent): Promise<void> {
  await agent.deliver(FEEDBACK, [feedbackOn(2, { minute: 4 }), feedbackOn(9, { minute: 5, rating: -1 })]);
  await agent.deliver(TURNS, [toolTurn(1), toolTurn(2), toolTurn(3, { tenant: "other" })]);
  await agent.deliver(FEEDBACK, [
    feedbackOn(1, { minute: 6 }),
    feedbackOn(3, { minute: 7, tenant: "other" }),
  ]);
  await agent.deliver(TURNS, [toolTurn(4, { brings: false }), toolTurn(5)]);
}

async function rebuilt(agent: TestAgent) {
  const response = await agent.request("POST", "/v1/insights/rebuild");
  assert.equal(response.status, 200);
  const lines = (await response.text()).trim().split("\n").map((line) => JSON.parse(line));
  return lines.at(-1).rebuilt;
}

for (const bus of ["local", "remote"] as const) {
  const open = () => openTestAgent(insights, { bus, now: START, topics: [{ name: TURNS, partitions: 2 }] });

  Deno.test(`${bus} bus: tables rebuilt from the topics are as they were, and no event is emitted twice`, async () => {
    await using agent = await open();
    await play(agent);
    await agent.settled();
    const [before, events] = [agent.store.read(tables), published(agent)];
    for (const [table, least] of Object.entries({ tool_calls: 2, turns: 5, feedback: 4, rule_progress: 1 })) {
      assert.ok((before[`insights_${table}`]?.length ?? 0) >= least, `${table} has rows to lose`);
    }
    await agent.store.write((tx) => {
      tx.run("UPDATE insights_feedback SET turn_id = 'wrong'");
      tx.run("DELETE FROM insights_tool_calls");
    });
    const { streams, rows } = await rebuilt(agent);
    await agent.settled();
    assert.deepEqual(agent.store.read(tables), before);
    assert.deepEqual(published(agent), events);
    assert.ok(streams.length >= 5);
    assert.deepEqual(rows.find(({ table }: { table: string }) => table === "insights_tool_calls"), {
      table: "insights_tool_calls",
      before: 0,
      after: before.insights_tool_calls?.length,
    });
  });

  Deno.test(`${bus} bus: after a rebuild, what waited is joined as if nothing had been`, async () => {
    const ends: string[][] = [];
    for (const rebuild of [false, true]) {
      await using agent = await open();
      await play(agent);
      if (rebuild) await rebuilt(agent);
      await agent.deliver(TURNS, [toolTurn(6), toolTurn(9)]);
      await agent.deliver(FEEDBACK, [feedbackOn(5, { minute: 20 })]);
      await agent.settled();
      ends.push(published(agent));
    }
    assert.deepEqual(ends[1], ends[0]);
    assert.ok(ends[0]?.some((line) => line.startsWith("ai-learning-signals")));
  });
}

for (const bus of ["local", "remote"] as const) {
  Deno.test(`${bus} bus: what rules did by the clock is not said again after a rebuild, nor after a restart`, async () => {
    const rules = {
      quiet: { kind: "silence", after: "30m" },
      errors: { kind: "error_rate", threshold: 0.5, window: "10m", slide: "5m" },
      low: { kind: "satisfaction", threshold: 0, window: "10m" },
    };
    await using agent = await openTestAgent(insights, {
      bus,
      now: START,
      config: { default_rules: false, rules },
      topics: [{ name: TURNS, partitions: 2 }],
    });
    await agent.deliver(TURNS, [toolTurn(1, { status: 500 }), toolTurn(2, { status: 500 })]);
    await agent.deliver(FEEDBACK, [feedbackOn(1, { minute: 3, rating: -1 })]);
    await agent.clock.advance(40 * 60_000);
    await agent.settled();
    const insightsOf = () => published(agent).filter((line) => line.startsWith("ai-insights"));
    assert.equal(insightsOf().length, 5, "errors and low opened and resolved, quiet opened");
    const [before, events] = [agent.store.read(tables), published(agent)];
    assert.ok((before.insights_rule_clock?.length ?? 0) >= 2);
    await rebuilt(agent);
    await agent.settled();
    assert.deepEqual(agent.store.read(tables), before);
    await agent.clock.advance(10 * 60_000);
    await agent.restart();
    await agent.clock.advance(10 * 60_000);
    await agent.settled();
    assert.deepEqual(published(agent), events);
  });
}

Deno.test("capstan insights rebuild has the running agent do it and says the rows of each table", async () => {
  await using agent = await openTestAgent(insights, { now: START });
  await play(agent);
  const said = await agent.command("insights rebuild");
  assert.equal(said.stderr, "");
  assert.match(said.stdout, /^insights-tool-calls: 5 records of 1 partitions handled again$/m);
  assert.match(said.stdout, /^insights_turns +5 rows before, 5 after$/m);
  const { streams } = JSON.parse((await agent.command("insights rebuild", [], { json: true })).stdout);
  assert.equal(streams[0].stream, "insights-tool-calls");
});
