import assert from "node:assert/strict";
import { BlockedError, timedCalls } from "../../../../lib/plugin/isolation/timed.ts";

Deno.test("a call that blocks its thread is cut off, whatever blocks it; the thread goes on", () => {
  const timed = timedCalls();
  for (
    const work of [() => {
      for (;;);
    }, () => void /^(a+)+$/.test("a".repeat(60) + "b")]
  ) {
    assert.throws(
      () => timed(work, 20),
      (error) => error instanceof BlockedError && /longer than 20 ms/.test(error.message),
    );
  }
  let ran = 0;
  timed(() => void ran++, 20);
  timed(() => void ran++, Infinity);
  assert.equal(ran, 2);
});

Deno.test("what a timed call throws is thrown as it is", () => {
  const error = new RangeError("mine");
  assert.throws(() =>
    timedCalls()(() => {
      throw error;
    }, 1_000), (thrown) => thrown === error);
});
