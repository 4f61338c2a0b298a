import assert from "node:assert/strict";
import { batchesOf } from "../../../../../plugins/audit/verify/threads/batches.ts";
import { readAhead } from "../../../../../plugins/audit/verify/threads/read_ahead.ts";
import type { TrailItem } from "../../../../../plugins/audit/verify/trail_verifier.ts";

const record = (bytes: number, at = 0): TrailItem => ({
  type: "record",
  bytes: new Uint8Array(bytes),
  where: `${at}`,
});

Deno.test("a batch is full by its items, or by the bytes of its records", async () => {
  const sizes = async (items: TrailItem[], size: number) =>
    (await Array.fromAsync(batchesOf(items, size))).map((
      { items, records },
    ) => [items.length, records.length]);
  assert.deepEqual(await sizes([1, 2, 3, 4, 5].map((at) => record(10, at)), 2), [[2, 2], [2, 2], [1, 1]]);
  const large = [1, 2, 3].map((at) => record(3 * 1024 * 1024, at));
  assert.deepEqual(await sizes(large, 500), [[2, 2], [1, 1]], "records of any size keep memory small");
  assert.deepEqual(await sizes([], 2), []);
});

for (const threads of [0, 2]) {
  Deno.test(`readAhead() with ${threads} threads holds a few batches of a trail, however long that is`, async () => {
    let taken = 0;
    function* long() {
      for (; taken < 1_000; taken++) yield record(1, taken);
    }
    let given = 0;
    for await (const batch of readAhead(long(), { threads, batch: 10 })) {
      given += batch.length;
      assert.ok(taken - given <= 100, `${taken - given} items are held`);
    }
    assert.equal(given, 1_000);
  });
}
