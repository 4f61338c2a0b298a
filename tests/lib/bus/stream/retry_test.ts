import assert from "node:assert/strict";
import fc from "fast-check";
import { retryDelay } from "../../../../lib/bus/stream/retry.ts";

const policy = { baseMs: 200, maxMs: 30_000 };

Deno.test("retryDelay() doubles from the base to the limit", () => {
  const full = [1, 2, 3, 4, 20, 5_000].map((failed) => retryDelay(failed, policy, () => 1));
  assert.deepEqual(full, [200, 400, 800, 1_600, 30_000, 30_000]);
});

Deno.test("retryDelay() lies between half and the whole, and never exceeds the limit", () => {
  fc.assert(fc.property(
    fc.integer({ min: -3, max: 10_000 }),
    fc.double({ min: 0, max: 0.999999, noNaN: true }),
    (failed, random) => {
      const whole = retryDelay(failed, policy, () => 1);
      const delay = retryDelay(failed, policy, () => random);
      assert.ok(delay >= whole / 2 && delay <= whole && whole <= policy.maxMs && whole >= policy.baseMs);
    },
  ));
});
