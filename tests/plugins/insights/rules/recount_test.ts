import assert from "node:assert/strict";
import fc from "fast-check";
import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import type { InsightEvent } from "../../../../plugins/insights/rules/insight_event.ts";
import { MINUTE, signal } from "./events.ts";
import { aRule, brief, type Ruling, ruling } from "./ruling.ts";

const low = aRule({ kind: "satisfaction", threshold: 0, by: ["model"], latenessMs: 5 * MINUTE });
const byTool = aRule({
  name: "tools",
  kind: "satisfaction",
  threshold: 0,
  by: ["tool"],
  windowMs: 4 * MINUTE,
  slideMs: 2 * MINUTE,
  latenessMs: 5 * MINUTE,
});
const end = (minute = 60) => signal({ id: "end", minute, data: { rating: 1 } });

/** A signal of a feedback, on the turn of one model or, later, of another. */
const on = (model: string, rating = -1, id = "f", minute = 1) =>
  signal({ id, minute, data: { rating, model, answer_hash: `node-${model}`, tools_used: [model, "all"] } });

Deno.test("a feedback counts as its last signal says: the one before is as if it had never come", () =>
  ruling([low], async ({ add, rows }) => {
    await add(on("a"), on("b"));
    assert.equal(rows().insights_rule_panes?.length, 1);
    const [opened, ...others] = await add(end());
    assert.deepEqual(brief([opened!]), ["opened acme b -1"]);
    assert.deepEqual(opened?.data.evidence, ["node-b"]);
    assert.deepEqual(brief(others), ["resolved acme b 0"]);
  }));

Deno.test("a signal that comes once more as it was counts once, and one whose window is over changes nothing", () =>
  ruling([low], async ({ add, rows }) => {
    await add(on("a"), on("a"));
    await add(on("a"));
    assert.deepEqual(
      (rows().insights_rule_panes as { samples: number }[]).map(({ samples }) => samples),
      [1],
    );
    assert.deepEqual(brief(await add(end(16))), ["opened acme a -1"]);
    const before = rows().insights_open;
    await add(on("b"));
    assert.deepEqual(rows().insights_open, before);
    assert.equal((rows().insights_rule_progress as { late: number }[])[0]?.late, 1);
  }));

Deno.test("a node that another feedback shows, too, stays when one of them goes to another turn", () =>
  ruling([low], async ({ add }) => {
    await add(on("a", -1, "f"), on("a", -1, "g"));
    await add(on("b", -1, "f"));
    const opened = (await add(end())).filter(({ event_type }) => event_type === "insight.opened");
    assert.deepEqual(opened.map(({ data }) => [data.group.model, data.samples, data.evidence]), [
      ["a", 1, ["node-a"]],
      ["b", 1, ["node-b"]],
    ]);
  }));

const said = fc.record({
  feedback: fc.nat(5),
  model: fc.constantFrom("a", "b", "c"),
  bad: fc.boolean(),
});

async function run({ add, reset, rows }: Ruling, events: readonly Envelope[], size: number) {
  await reset();
  const found: InsightEvent[] = [];
  for (let from = 0; from < events.length; from += size) {
    found.push(...await add(...events.slice(from, from + size)));
  }
  found.push(...await add(end()));
  const { insights_rule_panes, insights_open } = rows();
  return { found, insights_rule_panes, insights_open };
}

Deno.test("property: whatever signals came before the last of each feedback, in any batches, the end is the same", () =>
  ruling([low, byTool], async (ruled) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { maxLength: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (all, size) => {
          const events = all.map(({ feedback, model, bad }) =>
            on(model, bad ? -1 : 0.5, `f${feedback}`, feedback * 0.7)
          );
          const last = new Map(events.map((event) => [event.data.feedback_id, event]));
          assert.deepEqual(await run(ruled, events, size), await run(ruled, [...last.values()], 100));
        },
      ),
      { numRuns: 60 },
    );
  }));
