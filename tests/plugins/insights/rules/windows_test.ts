import assert from "node:assert/strict";
import { at, DAY, HOUR, metrics, MINUTE, signal, toolCall } from "./events.ts";
import { aRule, brief, ruling } from "./ruling.ts";

const failed = (id: string, minute: number, tenant = "acme") =>
  metrics({ id, minute, tenant, data: { failed: true } });
const fine = (id: string, minute: number, tenant = "acme") => metrics({ id, minute, tenant });

Deno.test("an insight opens when its window is complete, and resolves at the first window that is well", () =>
  ruling([aRule({ by: ["model"] })], async ({ add }) => {
    assert.deepEqual(await add(failed("a", 1), fine("b", 2), fine("c", 10.9)), []);
    const [opened, ...others] = await add(fine("d", 11));
    assert.equal(others.length, 0);
    assert.deepEqual([opened?.event_type, opened?.tenant_id, opened?.timestamp], [
      "insight.opened",
      "acme",
      at(10),
    ]);
    assert.deepEqual(opened?.data, {
      insight_id: opened?.data.insight_id,
      rule: "a_rule",
      kind: "error_rate",
      severity: "warning",
      group: { model: "gpt-4o" },
      value: 0.5,
      threshold: 0.5,
      samples: 2,
      window: { start: at(0), end: at(10) },
      opened_at: at(10),
      evidence: ["node-a"],
      summary: "50% of 2 calls of model gpt-4o failed between 2026-01-01 00:00 and 2026-01-01 00:10 UTC " +
        "(threshold 50%).",
    });
    const [resolved, ...more] = await add(fine("e", 21));
    assert.equal(more.length, 0);
    assert.equal(resolved?.event_type, "insight.resolved");
    assert.deepEqual([resolved?.data.insight_id, resolved?.data.value, resolved?.data.resolved_at], [
      opened?.data.insight_id,
      0,
      at(20),
    ]);
    assert.deepEqual(resolved?.data.evidence, ["node-a"]);
  }));

Deno.test("an insight resolves at the first window without anything in it", () =>
  ruling([aRule()], async ({ add, rows }) => {
    await add(failed("a", 1));
    const events = await add(fine("z", 600));
    assert.deepEqual(events.map(({ event_type, timestamp }) => [event_type, timestamp]), [
      ["insight.opened", at(10)],
      ["insight.resolved", at(20)],
    ]);
    assert.equal(
      events[1]?.data.summary,
      "Over: nothing came between 2026-01-01 00:10 and 2026-01-01 00:20 UTC.",
    );
    assert.deepEqual(rows().insights_open, []);
  }));

Deno.test("an insight is said again when its value is worse by a tenth or ten pieces of evidence are new, not at every window", () =>
  ruling([aRule({ kind: "failing_tool", by: ["tool"], threshold: 10 })], async ({ add }) => {
    const calls = (window: number, count: number) =>
      Array.from({ length: count }, (_, n) =>
        toolCall({
          id: `${window}.${n}`,
          minute: window * 10 + n / 5,
          data: { status: "error", node_hash: `n${n % 3}` },
        }));
    await add(...calls(0, 10));
    assert.deepEqual(brief(await add(...calls(1, 10))), ["opened acme search 10"]);
    assert.deepEqual(brief(await add(...calls(2, 11))), []);
    assert.deepEqual(brief(await add(...calls(3, 10))), ["updated acme search 11"]);
    const [fresh] = [
      Array.from(
        { length: 11 },
        (_, n) =>
          toolCall({ id: `4.${n}`, minute: 40 + n / 5, data: { status: "error", node_hash: `m${n}` } }),
      ),
    ];
    assert.deepEqual(brief(await add(...fresh)), []);
    assert.deepEqual(brief(await add(...calls(5, 10))), ["updated acme search 11"]);
  }));

Deno.test("evidence is the newest twenty nodes, newest last", () =>
  ruling([aRule()], async ({ add }) => {
    await add(...Array.from({ length: 30 }, (_, n) => failed(String(n), n / 10)));
    const [opened] = await add(fine("z", 12));
    assert.deepEqual(opened?.data.evidence, Array.from({ length: 20 }, (_, n) => `node-${n + 10}`));
  }));

Deno.test("windows slide by panes: each event is in all the windows that reach it", () =>
  ruling([aRule({ kind: "cost", slideMs: 5 * MINUTE, threshold: 2 })], async ({ add }) => {
    const cost = (id: string, minute: number) => metrics({ id, minute, data: { cost: 1 } });
    const events = await add(cost("a", 3), cost("b", 8), cost("c", 12), cost("d", 60));
    assert.deepEqual(events.map(({ event_type, data }) => [event_type, data.value, data.window.end]), [
      ["insight.opened", 2, at(10)],
      ["insight.resolved", 1, at(20)],
    ]);
  }));

Deno.test("an event within the lateness counts, a later one is left out and counted as such", () =>
  ruling([aRule()], async ({ add, rows }) => {
    await add(fine("a", 1), fine("b", 10.9));
    await add(failed("c", 9.95));
    assert.deepEqual(brief(await add(fine("d", 11))), ["opened acme 0.5"]);
    await add(failed("late", 9.99));
    assert.equal((rows().insights_rule_progress as { late: number }[])[0]?.late, 1);
  }));

Deno.test("an event that comes twice counts once", () =>
  ruling([aRule({ kind: "failing_tool", by: ["tool"], threshold: 2 })], async ({ add }) => {
    const call = toolCall({ id: "a", minute: 1, data: { status: "error" } });
    await add(call, call);
    await add(call);
    // As long as the window takes events, however far the time has gone on.
    await add(toolCall({ id: "y", minute: 10.5 }));
    await add(call);
    assert.deepEqual(await add(toolCall({ id: "z", minute: 30 })), []);
  }));

Deno.test("fewer events than min_samples say nothing", () =>
  ruling([aRule({ minSamples: 3 })], async ({ add }) => {
    assert.deepEqual(await add(failed("a", 1), failed("b", 2), fine("z", 30)), []);
  }));

Deno.test("tenants are never mixed, though they share a partition and a group", () =>
  ruling([aRule({ minSamples: 2 })], async ({ add }) => {
    await add(failed("a", 1), failed("b", 2, "other"), failed("c", 3, "other"), fine("d", 4));
    const events = await add(fine("z", 30));
    assert.deepEqual(brief(events), [
      "opened acme 0.5",
      "opened other 1",
      "resolved acme 0",
      "resolved other 0",
    ]);
    assert.deepEqual(events[1]?.data.evidence, ["node-b", "node-c"]);
    assert.notEqual(events[0]?.data.insight_id, events[1]?.data.insight_id);
  }));

Deno.test("the p95 of latencies is right to within one percent", () =>
  ruling([aRule({ kind: "latency", threshold: 900 })], async ({ add }) => {
    const answers = Array.from(
      { length: 200 },
      (_, n) => metrics({ id: String(n), minute: n / 100, data: { latency_ms: n * 5 } }),
    );
    const [opened] = await add(...answers, fine("z", 11));
    assert.ok(Math.abs((opened?.data.value ?? 0) / 945 - 1) <= 0.011, String(opened?.data.value));
    assert.equal(opened?.data.evidence.at(-1), "node-199");
  }));

Deno.test("a drop of satisfaction is told by the mean rating before, where enough is known of it", () =>
  ruling([
    aRule({
      kind: "satisfaction",
      threshold: 0.3,
      windowMs: HOUR,
      slideMs: HOUR,
      baselineMs: DAY,
      minSamples: 2,
      baselineSamples: 3,
    }),
  ], async ({ add }) => {
    const rated = (id: string, minute: number, rating: number) => signal({ id, minute, data: { rating } });
    assert.deepEqual(
      await add(rated("a", 10, 0.5), rated("b", 20, 0.7), rated("c", 70, -1), rated("d", 80, -1)),
      [],
    );
    await add(rated("e", 130, 0.9), rated("f", 140, 0.9));
    const events = await add(rated("g", 190, -1), rated("h", 200, 0), rated("i", 302, 1));
    assert.deepEqual(
      events.map(({ event_type, data }) => [event_type, data.value, data.baseline, data.threshold]),
      [
        ["insight.opened", -0.5, 0.166667, 0.3],
        ["insight.resolved", 0, undefined, 0.3],
      ],
    );
  }));

Deno.test("a spike of cost is told by what windows before it cost, since the group was there", () =>
  ruling([
    aRule({ kind: "cost", threshold: 3, windowMs: HOUR, slideMs: HOUR, baselineMs: DAY, baselineSamples: 2 }),
  ], async ({ add }) => {
    const cost = (id: string, minute: number, cost: number) => metrics({ id, minute, data: { cost } });
    const events = await add(cost("a", 0, 0.1), cost("b", 70, 0.3), cost("c", 130, 0.7), cost("d", 250, 0));
    assert.deepEqual(events.map(({ event_type, data }) => [event_type, data.value, data.baseline]), [
      ["insight.opened", 0.7, 0.2],
      ["insight.resolved", 0, undefined],
    ]);
  }));

Deno.test("each tenant is compared with what it cost itself before", () =>
  ruling(
    [aRule({ kind: "cost", threshold: 3, windowMs: HOUR, slideMs: HOUR, baselineMs: DAY })],
    async ({ add }) => {
      const cost = (id: string, minute: number, tenant: string, cost: number) =>
        metrics({ id, minute, tenant, data: { cost } });
      const events = await add(
        cost("a", 10, "a", 0.1),
        cost("b", 20, "b", 100),
        cost("c", 70, "a", 0.3),
        cost("d", 80, "b", 100),
        cost("e", 190, "z", 0),
      );
      assert.deepEqual(
        events.map(({ event_type, tenant_id, data }) => [event_type, tenant_id, data.baseline]),
        [
          ["insight.opened", "a", 0.1],
          ["insight.resolved", "a", undefined],
        ],
      );
    },
  ));

Deno.test("a loop is the same tool with the same arguments in one conversation", () =>
  ruling([aRule({ kind: "loop", threshold: 3, by: ["tool", "conversation"] })], async ({ add }) => {
    const call = (id: string, data: Parameters<typeof toolCall>[0]["data"] = {}) =>
      toolCall({ id, minute: 1, data });
    await add(
      call("1"),
      call("2"),
      call("3", { arguments_hash: "b".repeat(64) }),
      call("4", { conversation: "d" }),
      call("5", { tool: "read" }),
    );
    await add(call("6"));
    const events = await add(toolCall({ id: "z", minute: 12 }));
    assert.deepEqual(brief(events), ["opened acme search c 3"]);
    assert.deepEqual(events[0]?.data.evidence, ["node-1", "node-2", "node-6"]);
  }));

Deno.test("a rule that was changed or removed ends what it had open, and begins anew", () =>
  ruling([aRule()], async ({ add, change, rows }) => {
    await add(failed("a", 1), failed("b", 12));
    change([aRule({ windowMs: 20 * MINUTE, slideMs: 20 * MINUTE })]);
    const [resolved, ...others] = await add(fine("c", 13));
    assert.equal(others.length, 0);
    assert.deepEqual([resolved?.event_type, resolved?.data.summary], [
      "insight.resolved",
      "Over: its rule was changed or removed.",
    ]);
    change([]);
    await add(fine("d", 14));
    assert.deepEqual([rows().insights_rule_panes, rows().insights_open], [[], []]);
  }));

Deno.test("an event whose time is far beyond the clock is left out, and ends no window", () =>
  ruling([aRule()], async ({ add, rows }) => {
    await add(failed("a", 1));
    assert.deepEqual(await add(fine("b", 60 * 24 * 366 * 3)), []);
    const [progress] = rows().insights_rule_progress as { ahead: number; late: number }[];
    assert.deepEqual([progress?.ahead, progress?.late], [1, 0]);
    assert.deepEqual(brief(await add(fine("c", 11))), ["opened acme 1"]);
  }));
