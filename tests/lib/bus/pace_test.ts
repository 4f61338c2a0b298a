import assert from "node:assert/strict";
import type { Clock } from "../../../lib/bus/clock.ts";
import { Pace } from "../../../lib/bus/pace.ts";
import { WriteTurns } from "../../../lib/store/write_turns.ts";

/** A clock on which work takes `workMs`, and which records rests. */
function drivenClock(workMs: number): { clock: Clock; rests: number[] } {
  const rests: number[] = [];
  let now = 0;
  return {
    rests,
    clock: {
      now: () => (now += workMs),
      sleep: (ms) => {
        rests.push(ms);
        return Promise.resolve();
      },
    },
  };
}

/** A thread that commits so often while a batch is worked on. */
const commits = (first: WriteTurns, times: number) => () => {
  for (let time = 0; time < times; time++) first.done();
  return Promise.resolve();
};

Deno.test("a stream beside a busy thread rests five times as long as its batch took, and less when it is behind", async () => {
  const first = new WriteTurns("first");
  const { clock, rests } = drivenClock(8);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  for (const ageMs of [0, 14_000, 16_000, 61_000]) {
    // The clock stands 8 ms further on at each look.
    const begin = 8 + rests.length * 16;
    await pace.keep(begin - ageMs, commits(first, 20), new AbortController().signal);
  }
  assert.deepEqual(rests, [40, 40, 8, 2]);
});

Deno.test("a stream never rests for longer than 250 ms", async () => {
  const first = new WriteTurns("first");
  const { clock, rests } = drivenClock(800);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  await pace.keep(0, commits(first, 60), new AbortController().signal);
  assert.deepEqual(rests, [250]);
});

Deno.test("a stream beside an idle thread does not rest", async () => {
  const first = new WriteTurns("first");
  const { clock, rests } = drivenClock(8);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  await pace.keep(0, () => Promise.resolve(), new AbortController().signal);
  assert.deepEqual(rests, []);
});

Deno.test("a stream beside a thread that commits now and then does not rest, and rests again once that is busy", async () => {
  const first = new WriteTurns("first");
  const { clock, rests } = drivenClock(10);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  const { signal } = new AbortController();
  // One commit in 20 ms, as the clock stands 10 ms further on at each look, would be 50 a second: every other batch.
  for (let batch = 0; batch < 100; batch++) await pace.keep(0, commits(first, batch % 2), signal);
  assert.deepEqual(rests, []);
  for (let batch = 0; batch < 20; batch++) await pace.keep(0, commits(first, 2), signal);
  assert.ok(rests.length > 0 && rests.every((ms) => ms === 50), `${rests}`);
  const busy = rests.length;
  for (let batch = 0; batch < 100; batch++) {
    await pace.keep(0, commits(first, batch % 10 === 0 ? 1 : 0), signal);
  }
  assert.ok(rests.length - busy <= 3, "no longer than the window that was busy, and the next");
});
