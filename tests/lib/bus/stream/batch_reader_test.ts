import assert from "node:assert/strict";
import fc from "fast-check";
import { BatchReader } from "../../../../lib/bus/stream/batch_reader.ts";
import type { Clock } from "../../../../lib/bus/clock.ts";
import type { RecordBatch, Subscription } from "../../../../lib/bus/contract.ts";

interface Piece {
  partition: number;
  sizes: number[];
}

/** A subscription that gives these pieces one by one, and a clock that moves by 1 ms with each. */
function scripted(pieces: readonly Piece[]) {
  const next = new Map<number, number>();
  const queue = pieces.map(({ partition, sizes }): RecordBatch => ({
    topic: "t",
    partition,
    records: sizes.map((size) => {
      const offset = next.get(partition) ?? 0;
      next.set(partition, offset + 1);
      return {
        topic: "t",
        partition,
        offset,
        key: null,
        value: new Uint8Array(size),
        headers: [],
        timestamp: 0,
      };
    }),
  }));
  let now = 0;
  const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
  const subscription: Pick<Subscription, "receive"> = {
    receive: () => {
      now++;
      return Promise.resolve(queue.shift() ?? null);
    },
  };
  return { clock, subscription, all: queue.flatMap(({ records }) => records) };
}

const forever = new AbortController().signal;

async function read(
  pieces: readonly Piece[],
  bounds: { maxRecords: number; maxBytes: number; lingerMs: number },
) {
  const { clock, subscription, all } = scripted(pieces);
  const reader = new BatchReader(subscription, bounds, clock);
  const batches: RecordBatch[] = [];
  for (let batch = await reader.next(0, forever); batch; batch = await reader.next(0, forever)) {
    batches.push(batch);
  }
  return { batches, all };
}

Deno.test("BatchReader fills a batch of one partition until linger is over", async () => {
  const piece = { partition: 0, sizes: [1] };
  const { batches } = await read(Array(8).fill(piece), { maxRecords: 100, maxBytes: 1_000, lingerMs: 3 });
  assert.deepEqual(batches.map(({ records }) => records.length), [4, 4]);
});

Deno.test("BatchReader without linger gives what came at once", async () => {
  const piece = { partition: 0, sizes: [1] };
  const { batches } = await read([piece, piece], { maxRecords: 100, maxBytes: 1_000, lingerMs: 0 });
  assert.deepEqual(batches.map(({ records }) => records.length), [1, 1]);
});

Deno.test("BatchReader keeps order, mixes no partitions, loses nothing, and stays within its bytes", async () => {
  const piece = fc.record({
    partition: fc.integer({ min: 0, max: 2 }),
    sizes: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 5 }),
  });
  const bounds = fc.record({
    maxRecords: fc.integer({ min: 5, max: 20 }),
    maxBytes: fc.integer({ min: 250, max: 400 }),
    lingerMs: fc.integer({ min: 0, max: 10 }),
  });
  await fc.assert(fc.asyncProperty(fc.array(piece), bounds, async (pieces, limits) => {
    const { batches, all } = await read(pieces, limits);
    for (const { partition, records } of batches) {
      assert.ok(records.length > 0 && records.every((record) => record.partition === partition));
      assert.ok(records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0) <= limits.maxBytes);
    }
    for (const partition of [0, 1, 2]) {
      const offsets = (list: { partition: number; offset: number }[]) =>
        list.filter((each) => each.partition === partition).map(({ offset }) => offset);
      assert.deepEqual(offsets(batches.flatMap(({ records }) => [...records])), offsets(all));
    }
  }));
});
