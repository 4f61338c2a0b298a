import assert from "node:assert/strict";
import { openTestAgent, testPlugin } from "capstan/testing";
import consumeNine from "./mod.ts";

const TOPICS = [
  ...["ai-feedback-events", "ai-learning-signals", "ai-insights", "agent-thinking-events"],
  ...["agent-decision-events", "agent-trace-events", "agent-metrics-events", "query-lineage-events"],
  "audit-events",
];

const event = (type: string, tenant = "acme") => ({
  event_id: "evt-1",
  event_type: type,
  tenant_id: tenant,
  timestamp: "2026-01-02T03:04:05Z",
  source: "capstan",
  data: { summary: "It is so." },
});

testPlugin(consumeNine, { records: { "ai-insights": [{ value: event("insight.opened") }] } });

Deno.test("consume_nine handles the events of each of the nine topics, of its tenant alone", async () => {
  await using agent = await openTestAgent(consumeNine, { config: { tenant: "acme" } });
  for (const topic of TOPICS) {
    await agent.deliver(topic, [{ value: event(`${topic}.x`) }, { value: event(`${topic}.x`, "globex") }]);
  }
  for (const topic of TOPICS) {
    assert.equal(await agent.metrics("events_total", { type: `${topic}.x` }), 1, topic);
  }
  const lines = agent.logs.filter(({ component }) => component === "consume_nine");
  assert.deepEqual(lines.map(({ message }) => message), ["It is so."]);
});
