import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { recordBytes } from "../../../../../plugins/audit/record/encode_record.ts";
import { readRecord } from "../../../../../plugins/audit/verify/read_record.ts";
import {
  packReads,
  packRecords,
  unpackReads,
  unpackRecords,
} from "../../../../../plugins/audit/verify/threads/packed.ts";
import { TrailBuilder } from "../trail_builder.ts";

const built = new TrailBuilder().add(2).retain(1).add(1, {
  kind: "key",
  facts: { action: "added", vkey: "x" },
})
  .add(1, { subject: undefined, tenant: "ü ␀ \u{1f600}" }).add(1);

Deno.test("records cross to a thread byte for byte, empty ones too", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (records) => {
    const plain = (each: readonly Uint8Array[]) => each.map((bytes) => [...bytes]);
    assert.deepEqual(plain(unpackRecords(structuredClone(packRecords(records)))), plain(records));
  }));
});

Deno.test("what was read of records crosses back whole, of broken ones too", () => {
  const all = built.records.map(({ bytes }) => bytes);
  const broken = all.flatMap((bytes) => [
    bytes.subarray(1),
    Buffer.concat([bytes, Buffer.from(" ")]),
    Buffer.from(Buffer.from(bytes).toString().replace('"v":1', '"v":3')),
  ]);
  const strange = recordBytes({ ...built.records[0]!.record, tenant: undefined } as never);
  const reads = [...all, ...broken, strange, ...all, new Uint8Array()].map(readRecord);
  assert.equal(reads.filter((read) => "record" in read).length, 2 * all.length);
  assert.deepEqual(unpackReads(structuredClone(packReads(reads))).map(plain), reads.map(plain));
});

/** Without the difference between what is absent and what is undefined. */
function plain(read: object): unknown {
  return JSON.parse(JSON.stringify(read));
}
