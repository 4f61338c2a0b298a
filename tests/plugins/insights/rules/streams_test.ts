import assert from "node:assert/strict";
import { openTestAgent, type TestAgent } from "capstan/testing";
import insights from "../../../../plugins/insights/mod.ts";
import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";
import { metrics, MINUTE, SECOND, signal, START, toolCall } from "./events.ts";

const TOPICS = {
  metrics: "agent-metrics-events",
  signals: "ai-learning-signals",
  traces: "agent-trace-events",
};
const config = {
  default_rules: false,
  rules: {
    errors: { kind: "error_rate", threshold: 0.5, window: "10m", severity: "critical", by: ["model"] },
    low: { kind: "satisfaction", threshold: 0, window: "10m" },
    loops: { kind: "loop", threshold: 2, window: "10m" },
    quiet: { kind: "silence", after: "30m", by: ["agent"] },
  },
};

const open = () => openTestAgent(insights, { config, now: START });
const deliver = (agent: TestAgent, topic: string, events: readonly Envelope[]) =>
  agent.deliver(
    topic,
    events.map((event) => ({
      value: { ...event },
      key: event.tenant_id,
      timestamp: Date.parse(event.timestamp),
    })),
  );
const outputs = (agent: TestAgent) => agent.outputs<InsightEvent>("ai-insights");
const brief = (agent: TestAgent) =>
  outputs(agent).map(({ data }) => `${data.data.rule} ${data.event_type.replace("insight.", "")}`);

/** Half of the calls failed; the agent `watcher` goes on, `coder` stops after 14 minutes. */
const turns = [
  metrics({ id: "1", minute: 1, data: { failed: true } }),
  metrics({ id: "2", minute: 2 }),
  metrics({ id: "3", minute: 14 }),
];

Deno.test("insights of all three topics go to ai-insights, keyed by tenant, with the time they are of", async () => {
  await using agent = await open();
  await deliver(agent, TOPICS.metrics, turns);
  await deliver(agent, TOPICS.signals, [signal({ id: "s1", minute: 1 }), signal({ id: "s2", minute: 15 })]);
  await deliver(agent, TOPICS.traces, [1, 2, 14].map((minute) => toolCall({ id: `${minute}`, minute })));
  assert.deepEqual(brief(agent).sort(), ["errors opened", "loops opened", "low opened"]);
  for (const { key, timestamp, data } of outputs(agent)) {
    assert.deepEqual([key, timestamp], ["acme", START + 10 * MINUTE]);
    assert.equal(data.source, "capstan");
  }
});

Deno.test("the same events give the same insights, agent killed in the middle or not, and once when they come again", async () => {
  const ids: string[][] = [];
  for (const kill of [false, true]) {
    await using agent = await open();
    for (const turn of turns) {
      if (kill) agent.faults.killHandler({ topic: TOPICS.metrics });
      await deliver(agent, TOPICS.metrics, [turn]);
    }
    assert.equal(agent.faults.kills, kill ? 3 : 0);
    ids.push(outputs(agent).map(({ data }) => data.event_id));
    await agent.faults.redeliver(TOPICS.metrics);
    await agent.settled();
    assert.equal(outputs(agent).length, 1);
  }
  assert.deepEqual(ids[0], ids[1]);
});

Deno.test("silence is found by the clock alone, once, and survives a restart", async () => {
  await using agent = await open();
  await deliver(agent, TOPICS.metrics, turns);
  await agent.clock.advance(44 * MINUTE);
  await agent.settled();
  assert.deepEqual(brief(agent), ["errors opened", "errors resolved"]);
  await agent.clock.advance(2 * MINUTE);
  await agent.settled();
  assert.deepEqual(brief(agent), ["errors opened", "errors resolved", "quiet opened"]);
  assert.equal(outputs(agent)[2]?.timestamp, START + 44 * MINUTE);
  await agent.restart();
  await agent.clock.advance(10 * MINUTE);
  await agent.settled();
  assert.equal(outputs(agent).length, 3);
  await deliver(agent, TOPICS.metrics, [metrics({ id: "4", minute: 56 }), metrics({ id: "5", minute: 58 })]);
  assert.deepEqual(brief(agent), ["errors opened", "errors resolved", "quiet opened", "quiet resolved"]);
});

Deno.test("a window ends by the clock at most its lateness and the idle time after its end, and not before", async () => {
  await using agent = await open();
  await agent.clock.advance(2 * MINUTE);
  await deliver(agent, TOPICS.metrics, [metrics({ id: "1", minute: 1, data: { failed: true } })]);
  await agent.clock.advance(13 * MINUTE);
  await agent.settled();
  assert.deepEqual(brief(agent), []);
  // The window's end, a minute of lateness, five of idleness, and the next look.
  await agent.clock.advance(MINUTE + 5 * SECOND);
  await agent.settled();
  assert.deepEqual(brief(agent), ["errors opened"]);
  await agent.clock.advance(10 * MINUTE);
  await agent.settled();
  assert.deepEqual(brief(agent), ["errors opened", "errors resolved"]);
});

Deno.test("events of long ago that come one after the other are not cut short by the clock", async () => {
  const { quiet: _, ...rules } = config.rules;
  await using agent = await openTestAgent(insights, { config: { ...config, rules }, now: START });
  await agent.clock.advance(600 * MINUTE);
  for (const minute of [1, 11, 21, 31]) {
    await deliver(agent, TOPICS.metrics, [
      metrics({ id: `${minute}`, minute, data: { failed: minute > 20 } }),
    ]);
    await agent.clock.advance(4 * MINUTE);
  }
  await agent.settled();
  assert.equal(await agent.metrics("rules_left_out"), 0);
  assert.deepEqual(brief(agent), ["errors opened"]);
});

Deno.test("what came too late is counted", async () => {
  await using agent = await open();
  await deliver(agent, TOPICS.metrics, [...turns, metrics({ id: "late", minute: 3 })]);
  assert.equal(await agent.metrics("rules_left_out"), 1);
});

Deno.test("insights are lines of the log, by severity, unless switched off", async () => {
  for (const log_insights of [true, false]) {
    await using agent = await openTestAgent(insights, { config: { ...config, log_insights }, now: START });
    await deliver(agent, TOPICS.metrics, turns);
    await deliver(agent, TOPICS.metrics, [metrics({ id: "4", minute: 22 })]);
    const lines = agent.logs.filter(({ fields }) => fields.rule === "errors");
    assert.deepEqual(
      lines.map(({ level, fields }) => [level, fields.tenant, fields.event]),
      log_insights ? [["error", "acme", "insight.opened"], ["info", "acme", "insight.resolved"]] : [],
    );
  }
});

Deno.test("a rule that can't be is refused at set-up", async () => {
  await assert.rejects(
    async () => {
      await using _ = await openTestAgent(insights, { config: { rules: { mine: { kind: "cost" } } } });
    },
    /Cannot take plugins\.insights\.rules\.mine\.threshold: it is not set; set/,
  );
});

Deno.test("calls of a model that failed count beside those it answered under a longer name", async () => {
  await using agent = await open();
  const answered = { model: "gpt-4o-2024-08-06", asked_model: "gpt-4o" };
  await deliver(agent, TOPICS.metrics, [
    metrics({ id: "1", minute: 1, data: { failed: true } }),
    metrics({ id: "2", minute: 2, data: answered }),
    metrics({ id: "3", minute: 14, data: answered }),
  ]);
  const [opened] = outputs(agent);
  assert.deepEqual(opened?.data.data.group, { model: "gpt-4o" });
  assert.deepEqual([opened?.data.data.value, opened?.data.data.samples], [0.5, 2]);
});
