import assert from "node:assert/strict";
import fc from "fast-check";
import { Turns } from "../../../../lib/plugin/isolation/turns.ts";

const never = new AbortController().signal;

Deno.test("Turns lets nothing in beside what is alone, and everything in at last, in its order", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), async (wishes) => {
    const turns = new Turns();
    const order: number[] = [];
    let inside = 0;
    await Promise.all(wishes.map(async (alone, at) => {
      using _turn = await turns.enter({ alone, signal: never });
      order.push(at);
      inside++;
      for (let step = 0; step < 3; step++) {
        if (alone) assert.equal(inside, 1);
        await Promise.resolve();
      }
      inside--;
    }));
    assert.deepEqual(order, wishes.map((_, at) => at));
    assert.equal(turns.inside, 0);
  }));
});

Deno.test("Turns: whoever gives up waiting stands in nobody's way", async () => {
  const turns = new Turns();
  const first = await turns.enter({ alone: true, signal: never });
  const leaving = new AbortController();
  const gone = assert.rejects(turns.enter({ alone: true, signal: leaving.signal }), /gone/);
  const next = turns.enter({ alone: false, signal: never });
  leaving.abort(new Error("gone"));
  await gone;
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  assert.equal(turns.inside, 0);
});
