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

/** Rests, in milliseconds, after batches of 8 ms whose records are so old, beside a thread of so many commits in each. */
async function restsOf(ages: readonly number[], commitsEach: number): Promise<number[]> {
  const first = new WriteTurns("first");
  const { clock, rests } = drivenClock(8);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  for (const ageMs of ages) {
    // The clock stands 8 ms further on at each look.
    const begin = 8 + rests.length * 16;
    await pace.keep(begin - ageMs, commits(first, commitsEach), new AbortController().signal);
  }
  return rests;
}

Deno.test("a stream beside a very busy thread rests five times as long as its batch took, and less when it is behind", async () => {
  assert.deepEqual(await restsOf([0, 14_000, 16_000, 61_000], 300), [40, 40, 8, 2]);
});

Deno.test("a stream beside a thread that has time left rests twice as long as its batch took", async () => {
  assert.deepEqual(await restsOf([0, 14_000, 16_000, 61_000], 20), [16, 16, 8, 2]);
});

Deno.test("batches beside a busy thread are an eighth, of one record at least, until the stream is behind", async () => {
  const first = new WriteTurns("first");
  const { clock } = drivenClock(8);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  assert.equal(pace.batch(32, 0), 32, "nothing is known yet");
  for (let batch = 0; batch < 20; batch++) await pace.keep(0, commits(first, 20));
  const now = clock.now() + 8;
  assert.equal(pace.batch(32, now), 4);
  assert.equal(pace.batch(3, now), 1);
  assert.equal(pace.batch(32, now - 16_000), 32);
  for (let batch = 0; batch < 40; batch++) await pace.keep(0, commits(first, 0));
  assert.equal(pace.batch(32, clock.now()), 32, "it is busy no more");
});

Deno.test("a stream never rests for longer than 250 ms", async () => {
  const first = new WriteTurns("first");
  const { clock, rests } = drivenClock(800);
  const pace = new Pace(new WriteTurns("second", first.memory), clock);
  await pace.keep(0, commits(first, 1_000), new AbortController().signal);
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
  assert.ok(rests.length > 0 && rests.every((ms) => ms === 20), `${rests}`);
  const busy = rests.length;
  for (let batch = 0; batch < 100; batch++) {
    await pace.keep(0, commits(first, batch % 10 === 0 ? 1 : 0), signal);
  }
  // Windows of 250 ms, batches of 20.
  assert.ok(rests.length - busy <= 26, "no longer than the window that was busy, and the next");
});
