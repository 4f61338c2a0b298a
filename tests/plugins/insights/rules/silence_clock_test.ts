import assert from "node:assert/strict";
import { SilenceClock } from "../../../../plugins/insights/rules/silence_clock.ts";

/** A clock over partitions that are due; `caughtUp` is what happens while it waits for what came before. */
function clockOver({ due, caughtUp = () => {} }: { due: Set<number>; caughtUp?(): void }) {
  const ticks: unknown[] = [];
  const sleeps: (() => void)[] = [];
  const warnings: string[] = [];
  const asleep: { resolve(): void } = { resolve: () => {} };
  const log = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  const clock = new SilenceClock({
    ctx: {
      now: () => 1_000,
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
    events: { caughtUp: () => Promise.resolve(caughtUp()) },
    partitions: () => [0, 1, 2],
    isDue: (_, part) => due.has(part),
  });
  return {
    clock,
    ticks,
    warnings,
    /** Lets it look once. */
    async look() {
      const { promise, resolve } = Promise.withResolvers<void>();
      asleep.resolve = resolve;
      sleeps.shift()?.();
      await promise;
    },
  };
}

Deno.test("a tick names the partitions in which a silence is due, and there is none where none is", async () => {
  const due = new Set([1, 2, 7]);
  const { clock, ticks, look } = clockOver({ due });
  clock.start();
  await look();
  due.clear();
  await look();
  await clock.stop();
  assert.deepEqual(ticks, [{ now_ms: 1_000, parts: [1, 2] }]);
});

Deno.test("what came before and was not yet read is waited for: it may break the silence", async () => {
  const due = new Set([1, 2]);
  const { clock, ticks, look } = clockOver({ due, caughtUp: () => void due.delete(1) });
  clock.start();
  await look();
  await clock.stop();
  assert.deepEqual(ticks, [{ now_ms: 1_000, parts: [2] }]);
});

Deno.test("what fails is said, and tried again", async () => {
  let failures = 1;
  const caughtUp = () => {
    if (failures-- > 0) throw new Error("the bus is away");
  };
  const { clock, ticks, warnings, look } = clockOver({ due: new Set([0]), caughtUp });
  clock.start();
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
