import assert from "node:assert/strict";
import { RateLimit } from "../../../lib/access/rate_limit.ts";

Deno.test("so many at once, then so many a second; each caller by itself", () => {
  let now = 0;
  const rate = new RateLimit({ perSecond: 2, now: () => now });
  const asks = (caller: string) => rate.wait(caller) === 0;
  assert.deepEqual([asks("a"), asks("a"), asks("a"), asks("b")], [true, true, false, true]);
  now = 499;
  assert.equal(asks("a"), false);
  now = 500;
  assert.deepEqual([asks("a"), asks("a")], [true, false]);
  now = 60_000;
  assert.deepEqual([asks("a"), asks("a"), asks("a")], [true, true, false]);
});
