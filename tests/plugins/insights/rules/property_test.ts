import assert from "node:assert/strict";
import fc from "fast-check";
import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";
import type { Rule } from "../../../../plugins/insights/rules/rule.ts";
import { metrics, MINUTE, signal, toolCall } from "./events.ts";
import { aRule, type Ruling, ruling } from "./ruling.ts";

/** How far out of order events come; minutes. */
const LATENESS = 3;
const shared = { latenessMs: LATENESS * MINUTE };
const sliding = { windowMs: 10 * MINUTE, slideMs: 2 * MINUTE };

interface Made {
  minute: number;
  tenant: string;
  model: string;
  bad: boolean;
  amount: number;
}

interface Case {
  rules: readonly Rule[];
  event(made: Made, id: string): Envelope;
}

const CASES: Readonly<Record<string, Case>> = {
  "figures of turns": {
    rules: [
      aRule({ ...shared, ...sliding, name: "errors", threshold: 0.4, by: ["model"] }),
      aRule({ ...shared, name: "slow", kind: "latency", threshold: 500 }),
      aRule({ ...shared, ...sliding, name: "cost", kind: "cost", threshold: 2, baselineMs: 40 * MINUTE }),
      aRule({
        ...shared,
        name: "silence",
        kind: "silence",
        windowMs: 8 * MINUTE,
        slideMs: 8 * MINUTE,
        threshold: 480,
        by: ["model"],
      }),
    ],
    event: ({ minute, tenant, model, bad, amount }, id) =>
      metrics({
        id,
        minute,
        tenant,
        data: { model, failed: bad, latency_ms: amount * 1_000, cost: amount / 3 },
      }),
  },
  "signals": {
    rules: [
      aRule({ ...shared, ...sliding, name: "low", kind: "satisfaction", threshold: -0.1, by: ["tool"] }),
      aRule({
        ...shared,
        name: "drop",
        kind: "satisfaction",
        threshold: 0.2,
        baselineMs: 30 * MINUTE,
        minSamples: 2,
      }),
    ],
    event: ({ minute, tenant, model, bad, amount }, id) =>
      signal({ id, minute, tenant, data: { rating: bad ? -amount : amount, tools_used: [model, "all"] } }),
  },
  "calls of tools": {
    rules: [
      aRule({ ...shared, ...sliding, name: "failing", kind: "failing_tool", threshold: 3, by: ["tool"] }),
      aRule({
        ...shared,
        ...sliding,
        name: "loop",
        kind: "loop",
        threshold: 3,
        by: ["tool", "conversation"],
      }),
    ],
    event: ({ minute, tenant, model, bad }, id) =>
      toolCall({
        id,
        minute,
        tenant,
        data: { tool: model, status: bad ? "error" : "ok", arguments_hash: String(minute % 2).repeat(64) },
      }),
  },
};

const made = fc.record({
  minute: fc.integer({ min: 0, max: 240 }).map((quarter) => quarter / 4),
  tenant: fc.constantFrom("a", "b"),
  model: fc.constantFrom("x", "y"),
  bad: fc.boolean(),
  amount: fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }),
});

/** When an event comes: after its own time by less than the lateness. An order, cut into batches. */
const arrival = fc.record({
  delays: fc.array(fc.double({ min: 0, max: LATENESS, noNaN: true }), { minLength: 40, maxLength: 40 }),
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 8 }),
});
type Arrival = typeof arrival extends fc.Arbitrary<infer T> ? T : never;

function batches(events: readonly Envelope[], { delays, sizes }: Arrival): Envelope[][] {
  const comes = new Map(
    events.map((event, n) => [event, Date.parse(event.timestamp) + (delays[n] ?? 0) * MINUTE]),
  );
  const ordered = [...events].sort((a, b) => (comes.get(a) ?? 0) - (comes.get(b) ?? 0));
  const cut: Envelope[][] = [];
  for (let from = 0, n = 0; from < ordered.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    cut.push(ordered.slice(from, from += size));
  }
  return cut;
}

async function run({ add, reset, rows }: Ruling, batches: readonly Envelope[][]) {
  await reset();
  const events: InsightEvent[] = [];
  for (const batch of batches) events.push(...await add(...batch));
  return { events, rows: rows() };
}

const inOrderOfIds = (events: readonly InsightEvent[]) =>
  [...events].sort((a, b) => a.event_id < b.event_id ? -1 : 1);

for (const [name, { rules, event }] of Object.entries(CASES)) {
  Deno.test(`any order of arrival within the lateness, in any batches, gives the same insights and rows: ${name}`, () =>
    ruling(rules, async (ruled) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(made, { minLength: 1, maxLength: 40 }),
          arrival,
          arrival,
          async (all, one, other) => {
            const last = { minute: 90, tenant: "z", model: "x", bad: false, amount: 0 };
            const events = [...all, last].map((each, n) => event(each, `e${n}`));
            const first = await run(ruled, batches(events, one));
            const second = await run(ruled, batches(events, other));
            assert.deepEqual(inOrderOfIds(second.events), inOrderOfIds(first.events));
            assert.deepEqual(second.rows, first.rows);
            assert.equal(new Set(first.events.map(({ event_id }) => event_id)).size, first.events.length);
          },
        ),
        { numRuns: 40 },
      );
    }));

  Deno.test(`each tenant alone gives what all of them together give: ${name}`, () =>
    ruling(rules, async (ruled) => {
      await fc.assert(
        fc.asyncProperty(fc.array(made, { minLength: 1, maxLength: 40 }), arrival, async (all, how) => {
          const ends = ["a", "b"].map((tenant) => ({
            minute: 90,
            tenant,
            model: "x",
            bad: false,
            amount: 0,
          }));
          const events = [...all, ...ends].map((each, n) => event(each, `e${n}`));
          const together = await run(ruled, batches(events, how));
          for (const tenant of ["a", "b"]) {
            // Each event is one of the other's, too, so that time goes alike.
            const alone = events.map((each) =>
              each.tenant_id === tenant ? each : { ...each, tenant_id: "other" }
            );
            const { events: own } = await run(ruled, batches(alone, how));
            assert.deepEqual(
              own.filter(({ tenant_id }) => tenant_id === tenant),
              together.events.filter(({ tenant_id }) => tenant_id === tenant),
            );
          }
        }),
        { numRuns: 15 },
      );
    }));

  Deno.test(`every insight opens, then resolves, in the order of time, and updates between: ${name}`, () =>
    ruling(rules, async (ruled) => {
      await fc.assert(
        fc.asyncProperty(fc.array(made, { maxLength: 40 }), arrival, async (all, how) => {
          const { events } = await run(ruled, batches(all.map((each, n) => event(each, `e${n}`)), how));
          const seen = new Map<string, string[]>();
          for (const { event_type, data } of inTime(events)) {
            seen.set(data.insight_id, [...seen.get(data.insight_id) ?? [], event_type]);
          }
          for (const states of seen.values()) {
            assert.match(states.join(" "), /^insight\.opened( insight\.updated)*( insight\.resolved)?$/);
          }
        }),
        { numRuns: 25 },
      );
    }));
}

function inTime(events: readonly InsightEvent[]): InsightEvent[] {
  return [...events].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}

Deno.test("rows stay as few, however long the events go on", () =>
  ruling(CASES["figures of turns"]?.rules ?? [], async ({ add, rows }) => {
    const sizes: number[] = [];
    for (let hour = 0; hour < 6; hour++) {
      for (let minute = 0; minute < 60; minute += 10) {
        await add(
          ...Array.from(
            { length: 20 },
            (_, n) =>
              metrics({
                id: `${hour}.${minute}.${n}`,
                minute: hour * 60 + minute + n / 2,
                tenant: `t${n % 5}`,
              }),
          ),
        );
      }
      sizes.push(Object.values(rows()).reduce((sum, each) => sum + each.length, 0));
    }
    assert.equal(sizes[5], sizes[2], sizes.join(" "));
  }));
