import assert from "node:assert/strict";
import { RuleClock } from "../../../../plugins/insights/rules/rule_clock.ts";

const SOURCE = "agent-metrics-events";
const SECOND = 1_000;

/** A clock over partitions that are due; `caughtUp` is what happens while it waits for what came before. */
function clockOver({ due, caughtUp = () => {} }: { due: Set<number>; caughtUp?(): void }) {
  const ticks: unknown[] = [];
  const sleeps: (() => void)[] = [];
  const warnings: string[] = [];
  const told: unknown[] = [];
  const asleep: { resolve(): void } = { resolve: () => {} };
  const now = { ms: 990 * SECOND };
  const places = new Set([0, 1, 2]);
  const offsets = new Map([[0, 5], [1, 5], [2, 5]]);
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  const clock = new RuleClock({
    ctx: {
      now: () => now.ms,
      sleep: (_, signal) =>
        new Promise<void>((resolve) => {
          sleeps.push(resolve);
          signal?.addEventListener("abort", () => resolve());
          asleep.resolve();
        }),
      log: { ...log, child: () => assert.fail("no child") },
    },
    store: { read: (work) => work({ get: assert.fail, all: assert.fail, iterate: assert.fail }) },
    ticks: {
      send(value) {
        ticks.push(value);
        return Promise.resolve({ topic: "ticks", partition: 0, offset: 0 });
      },
    },
    streams: [{
      events: { caughtUp: () => Promise.resolve(caughtUp()) },
      places: () => Array.from(places, (part) => ({ source: SOURCE, part })),
    }],
    idleMs: 60 * SECOND,
    nextOffset: (_, { part }) => offsets.get(part) ?? null,
    due: (_, { part }, at) => {
      told.push([part, at.idleMs]);
      return due.has(part) ? at : undefined;
    },
  });
  return {
    clock,
    ticks,
    warnings,
    offsets,
    places,
    /** What the clock would have told, by partition; forgotten once it was looked at. */
    told: () => told.splice(0),
    /** Lets it look once, so much later. */
    look,
    /** Lets it see the partitions first, ten seconds before 1,000 s. */
    async begin() {
      clock.start();
      await look();
      now.ms += 10 * SECOND;
    },
  };

  async function look(seconds = 0) {
    now.ms += seconds * SECOND;
    const { promise, resolve } = Promise.withResolvers<void>();
    asleep.resolve = resolve;
    sleeps.shift()?.();
    await promise;
  }
}

const ticked = (part: number, ms: number, idle_ms: number | null = null) => ({
  source: SOURCE,
  part,
  offset: 5,
  clock_ms: ms,
  idle_ms,
});

Deno.test("a tick names the partitions in which something is due, and there is none where nothing is", async () => {
  const due = new Set([1, 2, 7]);
  const { clock, ticks, begin, look } = clockOver({ due });
  await begin();
  await look();
  due.clear();
  await look();
  await clock.stop();
  assert.deepEqual(ticks, [{ places: [ticked(1, 1_000_000), ticked(2, 1_000_000)] }]);
});

Deno.test("windows end by the clock where nothing has come for so long, and not where something has", async () => {
  const { clock, told, offsets, begin, look } = clockOver({ due: new Set() });
  await begin();
  await look();
  assert.deepEqual(told(), [[0, null], [1, null], [2, null]]);
  await look(49);
  offsets.set(1, 6);
  offsets.delete(2);
  assert.deepEqual(told(), [[0, null], [1, null], [2, null]]);
  await look(1);
  assert.deepEqual(told(), [[0, 990_000], [1, null]]);
  await look(60);
  await clock.stop();
  assert.deepEqual(told(), [[0, 1_050_000], [1, 1_050_000]]);
});

Deno.test("what came before and was not yet read is waited for: it may be what was missing", async () => {
  const due = new Set([0, 1, 2]);
  const { clock, ticks, begin, look, offsets } = clockOver({
    due,
    caughtUp() {
      due.delete(1);
      offsets.set(2, 6);
    },
  });
  await begin();
  await look();
  offsets.set(2, 5);
  await look(60);
  await clock.stop();
  assert.deepEqual(ticks, [
    { places: [ticked(0, 1_000_000), { ...ticked(2, 1_000_000), offset: 6 }] },
    { places: [ticked(0, 1_060_000, 1_000_000), { ...ticked(2, 1_060_000), offset: 6 }] },
  ]);
});

Deno.test("nothing is told of a partition that has just come: what was told of it elsewhere may not be here yet", async () => {
  const { clock, told, places, begin, look } = clockOver({ due: new Set() });
  await begin();
  await look(60);
  places.delete(1);
  await look();
  told();
  places.add(1);
  await look();
  assert.deepEqual(told(), [[0, 1_000_000], [2, 1_000_000]]);
  await look(9);
  assert.deepEqual(told(), [[0, 1_009_000], [2, 1_009_000]]);
  await look(1);
  await clock.stop();
  assert.deepEqual(told(), [[0, 1_010_000], [2, 1_010_000], [1, null]]);
});

Deno.test("what fails is said, and tried again", async () => {
  let failures = 1;
  const caughtUp = () => {
    if (failures-- > 0) throw new Error("the bus is away");
  };
  const { clock, ticks, warnings, begin, look } = clockOver({ due: new Set([0]), caughtUp });
  await begin();
  await look();
  assert.deepEqual([ticks.length, warnings.length], [0, 1]);
  await look();
  await clock.stop();
  assert.deepEqual([ticks.length, warnings.length], [1, 1]);
});

Deno.test("a clock that was never started stops, and twice", async () => {
  const { clock } = clockOver({ due: new Set() });
  await clock.stop();
  await clock.stop();
});
