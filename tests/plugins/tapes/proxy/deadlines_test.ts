import assert from "node:assert/strict";
import { type Deadline, Deadlines } from "../../../../plugins/tapes/proxy/deadlines.ts";

Deno.test("Deadlines calls what was not cancelled, once and in order, however many others were", async () => {
  const deadlines = new Deadlines(5, () => performance.now());
  const expired: number[] = [];
  const over = Promise.withResolvers<void>();
  const waits: Deadline[] = [];
  const kept = (at: number) => at % 1_000 === 7;
  for (let at = 0; at < 5_000; at++) {
    waits.push(deadlines.add(performance.now(), () => {
      expired.push(at);
      if (expired.length === 5) over.resolve();
    }));
    // Every other one at once, the rest from the newest to the oldest.
    if (at % 2 === 0) deadlines.cancel(waits[at]!);
  }
  for (let at = waits.length - 1; at >= 0; at--) if (!kept(at)) deadlines.cancel(waits[at]!);
  await over.promise;
  for (const wait of waits) deadlines.cancel(wait);
  assert.deepEqual(expired, [7, 1_007, 2_007, 3_007, 4_007]);
  deadlines.close();
});

Deno.test("Deadlines calls nobody before his time, though others' is over", async () => {
  let now = 0;
  const deadlines = new Deadlines(1, () => now);
  const called: string[] = [];
  const first = Promise.withResolvers<void>();
  deadlines.add(0, () => {
    called.push("first");
    first.resolve();
  });
  deadlines.add(100_000, () => called.push("second"));
  now = 1;
  await first.promise;
  deadlines.close();
  assert.deepEqual(called, ["first"]);
});
