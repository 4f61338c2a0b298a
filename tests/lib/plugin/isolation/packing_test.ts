import assert from "node:assert/strict";
import fc from "fast-check";
import type { BusRecord } from "../../../../lib/bus/contract.ts";
import type { PublishRequest } from "../../../../lib/bus/handler.ts";
import { packRecords, unpackRecords } from "../../../../lib/plugin/isolation/pack_records.ts";
import { packRequests, unpackRequests } from "../../../../lib/plugin/isolation/pack_requests.ts";
import { buffersOf, Packer, Unpacker } from "../../../../lib/plugin/isolation/packer.ts";

const bytes = fc.uint8Array({ maxLength: 64 });
const headers = fc.array(fc.tuple(fc.string({ unit: "binary" }), bytes), { maxLength: 4 });
const record = fc.record({
  topic: fc.constant("a.topic"),
  partition: fc.constant(3),
  offset: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  timestamp: fc.oneof(
    fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
  ),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers,
});
const place = { topic: "a.topic", partition: 3 };

/** As it arrives: through the structured clone of a message, with the buffers transferred. */
function sent<T extends Parameters<typeof buffersOf>[0]>(packed: T): T {
  return structuredClone(packed, { transfer: buffersOf(packed) });
}

Deno.test("unpackRecords() gives what packRecords() was given", () => {
  fc.assert(fc.property(fc.array(record), (records) => {
    assert.deepEqual(
      unpackRecords(sent(packRecords(records)), place),
      records.map((each) => ({ ...each, headers: each.headers.map(([name, value]) => [name, value]) })),
    );
  }));
});

Deno.test("packRecords() takes no record, values of a megabyte, and views of larger buffers", () => {
  assert.deepEqual(unpackRecords(sent(packRecords([])), place), []);
  const shared = crypto.getRandomValues(new Uint8Array(65_536));
  const large = new Uint8Array(1_000_000).map((_, at) => at);
  const records: BusRecord[] = [large, shared.subarray(10, 20), new Uint8Array(), large].map((
    value,
    offset,
  ) => ({
    ...place,
    offset,
    timestamp: 0,
    key: shared.subarray(5, 6),
    value,
    headers: [],
  }));
  const copies = structuredClone(records);
  assert.deepEqual(unpackRecords(sent(packRecords(records)), place), copies);
  assert.equal(shared.length, 65_536, "what was packed is still whole");
});

const request = fc.record({
  topic: fc.string(),
  value: fc.option(bytes),
  key: fc.option(bytes),
  headers,
  partition: fc.nat(),
  timestamp: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  from: fc.record({ headers }, { noNullPrototype: true }),
}, { requiredKeys: ["topic", "value"], noNullPrototype: true });

Deno.test("unpackRequests() gives what packRequests() was given", () => {
  const encode = (_topic: string, value: PublishRequest["value"]) =>
    value instanceof Uint8Array ? value : null;
  fc.assert(fc.property(fc.array(request), (requests) => {
    const wanted: PublishRequest[] = requests;
    assert.deepEqual(unpackRequests(sent(packRequests(wanted, { encode }))), wanted);
  }));
});

Deno.test("packRequests() names records of the batch by their place, and clones values that have another codec", () => {
  const records = [{ headers: [] }, { headers: [["a", new Uint8Array([1])] as const] }];
  const value = { at: [1, 2] };
  const requests: PublishRequest[] = [{ topic: "t", value, from: records[1], key: "kéy" }, {
    topic: "t",
    value: null,
  }];
  const packed = packRequests(requests, { records, encode: (_, of) => of === null ? null : undefined });
  const theirs = [{ headers: [] }, { headers: [] }];
  const read = unpackRequests(sent(packed), theirs);
  assert.equal(read[0]?.from, theirs[1]);
  assert.deepEqual(read.map((each) => each.value), [value, null]);
  assert.deepEqual(read[0]?.key, new TextEncoder().encode("kéy"));
});

Deno.test("Unpacker says so where a message ends early", () => {
  const packer = new Packer();
  packer.bytes(new Uint8Array(3));
  const packed = packer.finish();
  const cut = new Unpacker({ ...packed, bytes: packed.bytes.subarray(0, 2) });
  assert.throws(() => cut.bytes(), /Cannot unpack a message: it ends early/);
  const empty = new Unpacker({ numbers: new Float64Array([0]), bytes: new Uint8Array(), texts: [] });
  assert.throws(() => empty.text(), /a text is missing/);
  assert.throws(() => empty.number(), /ends early/);
});
