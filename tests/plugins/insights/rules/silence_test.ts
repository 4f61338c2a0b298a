import assert from "node:assert/strict";
import { at, DAY, metrics, MINUTE, START } from "./events.ts";
import { aRule, brief, ruling } from "./ruling.ts";

const turn = (id: string, minute: number, tenant = "acme") => metrics({ id, minute, tenant });
const AFTER = 30 * MINUTE;
const silent = () =>
  aRule({ kind: "silence", threshold: AFTER / 1000, windowMs: AFTER, slideMs: AFTER, by: ["agent"] });
const clockAt = (minute: number) => START + minute * MINUTE;

Deno.test("who has said nothing for too long is silent, until they speak again", () =>
  ruling([silent()], async ({ add, rows }) => {
    await add(turn("a", 0), turn("o", 31, "other"));
    const [opened, ...others] = await add(turn("p", 31.1, "other"));
    assert.equal(others.length, 0);
    assert.equal(opened?.timestamp, at(30));
    assert.deepEqual(opened?.data, {
      insight_id: opened?.data.insight_id,
      rule: "a_rule",
      kind: "silence",
      severity: "warning",
      group: { agent: "coder" },
      value: 1800,
      threshold: 1800,
      samples: 0,
      window: { start: at(0), end: at(30) },
      opened_at: at(30),
      evidence: ["node-a"],
      summary: "No turn of agent coder came since 2026-01-01 00:00 UTC (30 min).",
    });
    assert.deepEqual(await add(turn("b", 45)), []);
    const [resolved, ...more] = await add(turn("c", 46.1));
    assert.equal(more.length, 0);
    assert.deepEqual(
      [resolved?.event_type, resolved?.data.insight_id, resolved?.data.value, resolved?.timestamp],
      ["insight.resolved", opened?.data.insight_id, 2700, at(45)],
    );
    assert.deepEqual(rows().insights_open, []);
    assert.equal(rows().insights_rule_sessions?.length, 2);
  }));

Deno.test("the clock finds the same silence that a later event would", async () => {
  const found: unknown[] = [];
  for (const by of ["clock", "event"]) {
    await ruling([silent()], async ({ add, clock }) => {
      await add(turn("a", 0));
      const opened = by === "clock" ? await clock(clockAt(32)) : [];
      found.push([...opened, ...await add(turn("b", 90)), ...await add(turn("c", 92))]);
    });
  }
  const [byClock, byEvent] = found;
  assert.deepEqual(byClock, byEvent);
  assert.equal((byClock as unknown[]).length, 2);
});

Deno.test("the clock says a silence once, and not before the lateness has passed", () =>
  ruling([silent()], async ({ add, clock }) => {
    await add(turn("a", 0));
    assert.deepEqual(await clock(clockAt(31)), []);
    assert.deepEqual(brief(await clock(clockAt(31.1))), ["opened acme coder 1800"]);
    assert.deepEqual(await clock(clockAt(60)), []);
    assert.deepEqual(await clock(clockAt(50)), []);
  }));

Deno.test("an event that comes out of order breaks a silence before it is said", () =>
  ruling([silent()], async ({ add }) => {
    await add(turn("a", 0), turn("o", 30.5, "other"));
    await add(turn("b", 29.6));
    assert.deepEqual(await add(turn("p", 40, "other")), []);
  }));

Deno.test("several silences of one group are found in one go, each opened and resolved", () =>
  ruling([silent()], async ({ add, rows }) => {
    await add(turn("a", 0));
    const events = await add(turn("b", 100), turn("c", 200), turn("o", 240, "other"));
    assert.deepEqual(events.map(({ event_type, timestamp }) => [event_type, timestamp]), [
      ["insight.opened", at(30)],
      ["insight.resolved", at(100)],
      ["insight.opened", at(130)],
      ["insight.resolved", at(200)],
      ["insight.opened", at(230)],
    ]);
    assert.equal(rows().insights_open?.length, 1);
    assert.equal(new Set(events.map(({ data }) => data.insight_id)).size, 3);
  }));

Deno.test("who is silent for a week is expected no more, and leaves no rows", () =>
  ruling([silent()], async ({ add, clock, rows }) => {
    await add(turn("a", 0));
    await clock(clockAt(40));
    const [resolved] = await clock(clockAt(32) + 7 * DAY);
    assert.deepEqual([resolved?.event_type, resolved?.timestamp], [
      "insight.resolved",
      new Date(clockAt(30) + 7 * DAY).toISOString(),
    ]);
    assert.deepEqual([rows().insights_open, rows().insights_rule_sessions], [[], []]);
  }));

Deno.test("the clock alone, before anything has come, says nothing", () =>
  ruling([silent()], async ({ clock, rows }) => {
    assert.deepEqual(await clock(clockAt(1_000)), []);
    assert.deepEqual(rows().insights_rule_progress, []);
  }));
