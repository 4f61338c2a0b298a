import assert from "node:assert/strict";
import fc from "fast-check";
import { TimeOrder } from "../../../../lib/bus/stream/time_order.ts";

const never = new AbortController().signal;
const places = ["left", "right", "third"].map((topic) => ({ topic, partition: 0 }));

/** Plays logs beside each other, in batches; gives the times in the order they had their turn. */
async function played(logs: readonly (readonly number[])[], size: number): Promise<number[]> {
  const order = new TimeOrder(places.slice(0, logs.length));
  const out: number[] = [];
  await Promise.all(logs.map(async (times, at) => {
    const place = places[at] ?? { topic: "", partition: 0 };
    for (let from = 0; from < times.length;) {
      const records = times.slice(from, from + size).map((timestamp) => ({ timestamp }));
      const count = await order.turn(place, records, never);
      // Others may run while it works.
      await new Promise((resolve) => setImmediate(resolve));
      out.push(...records.slice(0, count).map(({ timestamp }) => timestamp));
      from += count;
    }
    order.leave(place);
  }));
  return out;
}

Deno.test("property: partitions that go by time give all their records in the order of time, whatever the batches", async () => {
  const time = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.double({ min: 0, max: 20, noNaN: true }));
  const log = fc.array(time, { maxLength: 8 }).map((times) => times.sort((a, b) => a - b));
  await fc.assert(fc.asyncProperty(
    fc.array(log, { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 4 }),
    async (logs, size) => {
      assert.deepEqual(await played(logs, size), logs.flat().sort((a, b) => a - b));
    },
  ));
});

Deno.test("times that are out of order within a partition keep nobody waiting for ever", async () => {
  const time = fc.integer({ min: 0, max: 5 });
  await fc.assert(fc.asyncProperty(
    fc.array(fc.array(time, { maxLength: 6 }), { minLength: 1, maxLength: 3 }),
    fc.integer({ min: 1, max: 4 }),
    async (logs, size) => {
      assert.deepEqual((await played(logs, size)).sort(), logs.flat().sort());
    },
  ));
});

Deno.test("a turn waits for who has not said yet what is next, and ends when its signal aborts", async () => {
  const order = new TimeOrder(places);
  const ended = new AbortController();
  const [left = { topic: "", partition: 0 }] = places;
  const turn = order.turn(left, [{ timestamp: 1 }], ended.signal);
  ended.abort();
  assert.equal(await turn, 0);
});
