import assert from "node:assert/strict";
import fc from "fast-check";
import { FormingBatch } from "../../../../lib/bus/stream/forming_batch.ts";

const record = (offset: number, size: number) => ({
  ...{ topic: "t", partition: 0, offset, key: null, headers: [], timestamp: 0 },
  value: new Uint8Array(size),
});

Deno.test("property: batches hold every record once and in order, within count and bytes but for the first", () => {
  fc.assert(fc.property(
    fc.array(fc.array(fc.nat(300), { minLength: 1, maxLength: 8 })),
    fc.integer({ min: 1, max: 10 }),
    fc.integer({ min: 1, max: 600 }),
    (pieces, maxRecords, maxBytes) => {
      const forming = new FormingBatch({ maxRecords, maxBytes, lingerMs: 5 });
      const batches: ReturnType<FormingBatch["take"]>[] = [];
      let next = 0;
      for (const [now, sizes] of pieces.entries()) {
        while (forming.full) batches.push(forming.take(now));
        forming.add(sizes.map((size) => record(next++, size)), now);
      }
      while (!forming.empty) batches.push(forming.take(0));
      assert.deepEqual(
        batches.flat().map(({ offset }) => offset),
        Array.from({ length: next }, (_, at) => at),
      );
      for (const batch of batches) {
        const bytes = batch.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
        assert.ok(batch.length >= 1 && batch.length <= maxRecords);
        assert.ok(batch.length === 1 || bytes <= maxBytes);
      }
    },
  ));
});

Deno.test("a batch is due when it is full, or a while after its first record", () => {
  const forming = new FormingBatch({ maxRecords: 2, maxBytes: 1_000, lingerMs: 5 });
  forming.add([record(0, 1)], 100);
  assert.equal(forming.due, 105);
  forming.add([record(1, 1), record(2, 1)], 103);
  assert.equal(forming.due, -Infinity);
  assert.equal(forming.take(104).length, 2);
  assert.equal(forming.due, 109, "what is left waits anew");
});
