import assert from "node:assert/strict";
import { metrics, MINUTE, START } from "./events.ts";
import { aRule, brief, ruling } from "./ruling.ts";

const failed = (id: string, minute: number) => metrics({ id, minute, data: { failed: true } });
const time = (minute: number) => START + minute * MINUTE;
/** Of 10 minutes, 1 minute of lateness. */
const errors = aRule({ by: ["agent"] });
const silent = aRule({
  name: "quiet",
  kind: "silence",
  threshold: 1_800,
  windowMs: 30 * MINUTE,
  slideMs: 30 * MINUTE,
});

Deno.test("the clock ends windows where no event follows: an insight opens, and resolves", () =>
  ruling([errors], async ({ add, idle, rows }) => {
    await add(failed("a", 1));
    assert.deepEqual(await idle(time(10.9)), []);
    const [opened, ...others] = await idle(time(11));
    assert.deepEqual([brief([opened!]), others], [["opened acme coder 1"], []]);
    assert.equal(opened?.timestamp, new Date(time(10)).toISOString());
    assert.deepEqual(await idle(time(20)), []);
    assert.deepEqual(brief(await idle(time(21))), ["resolved acme coder 0"]);
    assert.deepEqual(await idle(time(500)), []);
    assert.deepEqual([rows().insights_open, rows().insights_rule_panes], [[], []]);
  }));

Deno.test("what the clock ends is the same as what a later event would end", async () => {
  const found: unknown[] = [];
  for (const by of ["clock", "event"]) {
    await ruling([errors], async ({ add, idle }) => {
      await add(failed("a", 1));
      const ended = by === "clock" ? await idle(time(40)) : [];
      found.push([...ended, ...await add(metrics({ id: "b", minute: 45 }))]);
    });
  }
  assert.deepEqual(found[0], found[1]);
  assert.equal((found[0] as unknown[]).length, 2);
});

Deno.test("an event of a window that the clock has ended is left out and counted, one of a later window is not", () =>
  ruling([errors], async ({ add, idle, rows }) => {
    await add(metrics({ id: "a", minute: 1 }));
    await idle(time(11));
    await add(failed("late", 9.9), failed("in time", 10.1));
    const [progress] = rows().insights_rule_progress as { late: number }[];
    assert.equal(progress?.late, 1);
    assert.deepEqual(brief(await idle(time(31))), ["opened acme coder 1", "resolved acme coder 0"]);
  }));

Deno.test("where an event came since, what the clock was about to tell is not told", () =>
  ruling([errors], async ({ add, idle, rows }) => {
    await add(failed("a", 1));
    await add(failed("b", 2));
    assert.deepEqual(await idle(time(11), 1), []);
    assert.deepEqual([rows().insights_rule_clock, rows().insights_open], [[], []]);
    assert.deepEqual(brief(await idle(time(11), 2)), ["opened acme coder 1"]);
  }));

Deno.test("a window is due by the clock while what is in it has not been looked at, and while an insight is open", () =>
  ruling([aRule({ by: ["agent"], slideMs: 5 * MINUTE })], async ({ add, idle, isDue }) => {
    const well = [1, 2, 3].map((minute) => metrics({ id: `${minute}`, minute }));
    await add(...well, failed("a", 6));
    assert.deepEqual([isDue(time(10.9)), isDue(time(11))], [false, true]);
    assert.deepEqual(await idle(time(11)), []);
    assert.deepEqual([isDue(time(15.9)), isDue(time(16))], [false, true]);
    assert.deepEqual(brief(await idle(time(16))), ["opened acme coder 1"]);
    assert.ok(isDue(time(21)));
    assert.deepEqual(brief(await idle(time(21))), ["resolved acme coder 0"]);
    assert.ok(!isDue(time(1_000)));
  }));

Deno.test("what is handled again from the beginning ends as it was, with what the clock told and what was left out", () =>
  ruling([errors], async (ruled) => {
    const { add, idle, replay, rows, other, now } = ruled;
    now(time(60));
    const said = [
      ...await add(failed("a", 1), failed("b", 2)),
      ...await idle(time(11)),
      ...await add(
        failed("late", 3),
        metrics({ id: "ahead", minute: 600_000 }),
        metrics({ id: "c", minute: 12 }),
      ),
      ...await idle(time(25)),
      ...await idle(time(33)),
      ...await add(failed("later", 14), failed("d", 40)),
      ...await idle(time(61)),
    ];
    assert.deepEqual(brief(said), [
      "opened acme coder 1",
      "resolved acme coder 0",
      "opened acme coder 1",
      "resolved acme coder 0",
    ]);
    const before = rows();
    assert.equal((before.insights_rule_clock as unknown[]).length, 4);
    for (const size of [1, 2, 5, 100]) {
      assert.deepEqual(await replay(size), said);
      assert.deepEqual(rows(), before);
    }
    await other(({ rows }) => Promise.resolve(assert.deepEqual(rows(), before)));
  }));

Deno.test("a silence that the clock has found is not found once more after all was handled again", () =>
  ruling([silent], async ({ add, clock, replay, rows }) => {
    await add(metrics({ id: "a", minute: 0 }));
    const said = await clock(time(40));
    assert.deepEqual(brief(said), ["opened acme 1800"]);
    const before = rows();
    assert.deepEqual(await replay(10), said);
    assert.deepEqual(rows(), before);
    assert.deepEqual(await clock(time(41)), []);
  }));

Deno.test("what another agent has told of the last event is taken over without being said again", () =>
  ruling([errors], async ({ add, idle, take, rows }) => {
    await add(failed("a", 1));
    await take({ atOffset: 1, clockMs: null, idleMs: time(11), ahead: false, toldMs: time(11) });
    assert.equal(rows().insights_open?.length, 1);
    assert.deepEqual(brief(await idle(time(21))), ["resolved acme coder 0"]);
  }));

Deno.test("what the clock told is forgotten when nothing follows from it any more", () =>
  ruling([errors], async ({ add, idle, rows, now }) => {
    const told = async (id: string, day: number) => {
      now(time(day * 24 * 60));
      await add(failed(id, day * 24 * 60), metrics({ id: `${id} ahead`, minute: 600_000 }));
      await idle(time(day * 24 * 60 + 30));
      return (rows().insights_rule_clock as { at_offset: number }[]).map(({ at_offset }) => at_offset);
    };
    assert.deepEqual(await told("a", 0), [1, 2]);
    assert.deepEqual(await told("b", 99), [1, 2, 3, 4]);
    assert.deepEqual(await told("c", 101), [3, 4, 5, 6]);
  }));
