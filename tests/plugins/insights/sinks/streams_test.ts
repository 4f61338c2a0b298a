import assert from "node:assert/strict";
import type { Plugin } from "capstan";
import { openTestAgent, type TestAgent } from "capstan/testing";
import insights from "../../../../plugins/insights/mod.ts";
import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";
import { insight } from "./insight.ts";
import { receiver } from "./receiver.ts";

const TOPIC = "ai-insights";

const open = (webhooks: Record<string, unknown>) =>
  openTestAgent(insights, { config: { log_insights: false, webhooks } });
const deliver = (agent: TestAgent, ...events: InsightEvent[]) =>
  agent.deliver(TOPIC, events.map((event) => ({ value: { ...event }, key: event.tenant_id })));
const idsOf = ({ posts }: { posts: { headers: Headers }[] }) =>
  posts.map(({ headers }) => headers.get("webhook-id"));

Deno.test("a webhook gets the insights of its tenants from its severity on, in their order", async () => {
  await using all = receiver();
  await using some = receiver();
  await using agent = await open({
    all: { url: all.origin },
    some: { url: some.origin, min_severity: "warning", tenants: ["acme"] },
  });
  await deliver(
    agent,
    insight("1", { severity: "info" }),
    insight("2"),
    insight("3", { severity: "critical" }),
  );
  await deliver(agent, insight("4", { tenant: "other", severity: "critical" }));
  assert.deepEqual(idsOf(all), ["evt-1", "evt-2", "evt-3", "evt-4"]);
  assert.deepEqual(idsOf(some), ["evt-2", "evt-3"]);
});

Deno.test("what is refused is posted again, later each time, before what came after it", async () => {
  await using server = receiver((_, count) => new Response(null, { status: count <= 2 ? 503 : 204 }));
  await using agent = await open({ oncall: { url: server.origin } });
  const before = agent.clock.now;
  await deliver(agent, insight("1"), insight("2"));
  assert.deepEqual(idsOf(server), ["evt-1", "evt-1", "evt-1", "evt-2"]);
  assert.equal(agent.clock.now - before, 150 + 300);
  assert.deepEqual(agent.deadLetters(TOPIC), []);
});

Deno.test("what nobody takes goes to the dead letters after all attempts, and what came after it is posted", async () => {
  await using server = receiver(({ body }) =>
    new Response(null, { status: body.includes("evt-1") ? 400 : 204 })
  );
  await using agent = await open({ oncall: { url: server.origin, attempts: 3 } });
  await deliver(agent, insight("1"), insight("2"));
  assert.deepEqual(idsOf(server), ["evt-1", "evt-1", "evt-1", "evt-2"]);
  const [letter, ...others] = agent.deadLetters<InsightEvent>(TOPIC);
  assert.equal(others.length, 0);
  assert.deepEqual([letter?.data.event_id, letter?.attempts], ["evt-1", 3]);
  assert.match(letter?.error ?? "", /webhook oncall: it answered 400/);
});

Deno.test("a webhook that does not answer holds no other one", async () => {
  const released = Promise.withResolvers<void>();
  await using slow = receiver(async () => {
    await released.promise;
    return new Response(null, { status: 204 });
  });
  await using fast = receiver();
  await using agent = await open({ slow: { url: slow.origin }, fast: { url: fast.origin } });
  const delivered = deliver(agent, insight("1"), insight("2"));
  await Promise.all([slow.came(1), fast.came(2)]);
  assert.deepEqual([idsOf(slow), idsOf(fast)], [["evt-1"], ["evt-1", "evt-2"]]);
  released.resolve();
  await delivered;
  assert.deepEqual(idsOf(slow), ["evt-1", "evt-2"]);
});

Deno.test("a webhook goes on after a restart where it was, and begins with what comes after it was configured", async () => {
  await using server = receiver();
  await using agent = await open({ oncall: { url: server.origin } });
  await deliver(agent, insight("1"));
  await agent.restart();
  await deliver(agent, insight("2"));
  assert.deepEqual(idsOf(server), ["evt-1", "evt-2"]);
});

Deno.test("sinks begin with what comes after them, each in a group of its own", async () => {
  const streams: { group?: string; from?: unknown }[] = [];
  const watched: Plugin = {
    ...insights,
    setup(ctx, config) {
      streams.length = 0;
      return insights.setup({
        ...ctx,
        stream(options, handler) {
          if (options.topics.includes(TOPIC)) streams.push({ group: options.group, from: options.from });
          return ctx.stream(options, handler);
        },
      }, config as Parameters<typeof insights.setup>[1]);
    },
  };
  const webhooks = { one: { url: "http://127.0.0.1:9" }, two: { url: "http://127.0.0.1:9" } };
  await using _ = await openTestAgent(watched, { config: { webhooks } });
  assert.deepEqual(streams, [
    { group: "insights-log", from: "latest" },
    { group: "insights-webhook-one", from: "latest" },
    { group: "insights-webhook-two", from: "latest" },
  ]);
});

for (
  const [what, webhooks] of [
    ["no url", { oncall: {} }],
    ["a url that is none", { oncall: { url: "https://:x" } }],
    ["a name that can't be a group's", { "on call": { url: "https://hooks.example.com" } }],
  ] as const
) {
  Deno.test(`a webhook with ${what} is refused at set-up`, async () => {
    await assert.rejects(
      async () => {
        await using _ = await open(webhooks);
      },
      /Cannot take plugins\.insights\.webhooks\.on.?call: .*; (set|rename)/,
    );
  });
}
