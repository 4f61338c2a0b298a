import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import * as library from "@platformatic/kafka";
import { encodeBatch } from "../../../../lib/bus/kafka/fast_producer.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((part) => Buffer.from(part));
const records = fc.array(
  fc.record({
    key: fc.option(bytes(20), { nil: undefined }),
    // The type says there always is one; a tombstone has none.
    value: fc.option(bytes(300), { nil: undefined }),
    headers: fc.array(fc.tuple(bytes(10), bytes(10)), { maxLength: 3 }).map((list) => new Map(list)),
    // Further apart the library's own encoder writes wrong times.
    timestamp: fc.bigInt({ min: 1_700_000_000_000n, max: 1_702_000_000_000n }),
  }),
  { minLength: 1, maxLength: 200 },
);
const options = fc.record({
  producerId: fc.constantFrom(-1n, 7n, 123_456_789n),
  producerEpoch: fc.nat(30_000),
  transactionalId: fc.constantFrom(undefined, "tx"),
  firstSequence: fc.nat(2 ** 31 - 1),
});

Deno.test("encodeBatch() gives the bytes that the library's own encoder gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      records,
      options,
      fc.constantFrom(...library.allowedCompressionsAlgorithms),
      async (list, { firstSequence, ...given }, compression) => {
        const messages = list.map((record) => ({
          topic: "t",
          partition: 3,
          ...record,
          value: record.value!,
        }));
        const sequences = new library.NumericMap([["t:3", firstSequence]]);
        const ours = await encodeBatch(library, messages, { ...given, compression, sequences });
        const theirs = library.createRecordsBatch(messages, { ...given, compression, sequences });
        assert.deepEqual(ours, theirs.buffer);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("encodeBatch() keeps times that are decades apart", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.bigInt({ min: 0n, max: 4_102_444_800_000n }), { minLength: 1 }),
      async (times) => {
        const messages = times.map((timestamp) => ({
          topic: "t",
          partition: 0,
          value: Buffer.from("x"),
          timestamp,
        }));
        const batch = await encodeBatch(library, messages, {});
        const { firstTimestamp, maxTimestamp, records } = library.readRecordsBatch(
          library.Reader.from(batch),
        );
        assert.deepEqual(records.map(({ timestampDelta }) => firstTimestamp + timestampDelta), times);
        assert.equal(maxTimestamp, times.reduce((a, b) => a > b ? a : b));
      },
    ),
  );
});
