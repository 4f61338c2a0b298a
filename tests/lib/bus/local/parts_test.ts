import assert from "node:assert/strict";
import fc from "fast-check";
import { assign, type GroupMember, type Share } from "../../../../lib/bus/local/assignment.ts";
import { decodeHeaders, encodeHeaders } from "../../../../lib/bus/local/headers.ts";
import { murmur2 } from "../../../../lib/bus/murmur2.ts";
import { MURMUR2_VECTORS } from "../../../../lib/testing/murmur2_vectors.ts";

Deno.test("murmur2() gives the hashes of Kafka's own tests", () => {
  for (const [key, hash] of MURMUR2_VECTORS) assert.equal(murmur2(new TextEncoder().encode(key)), hash, key);
});

Deno.test("headers come back as they were encoded", () => {
  const header = fc.tuple(fc.string({ unit: "grapheme" }), fc.uint8Array());
  fc.assert(fc.property(fc.array(header), (headers) => {
    const decoded = decodeHeaders(encodeHeaders(headers));
    assert.deepEqual(
      decoded.map(([name, value]) => [name, [...value]]),
      headers.map(([name, value]) => [name, [...value]]),
    );
  }));
});

Deno.test("decodeHeaders() refuses a blob that is cut short", () => {
  const blob = encodeHeaders([["name", new Uint8Array(3)]])!;
  for (let length = 1; length < blob.length; length++) {
    assert.throws(() => decodeHeaders(blob.subarray(0, length)), RangeError);
  }
});

const TOPICS = ["a", "b"];
const members = fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 })
  .map((ids) => ids.map((id): GroupMember => ({ member: `m${id}`, topics: new Set(TOPICS) })));
const shares = fc.array(
  fc.record({ topic: fc.constantFrom(...TOPICS), owner: fc.option(fc.integer({ min: 0, max: 9 })) }),
)
  .map((rows) =>
    rows.map(({ topic, owner }, id): Share => ({
      id,
      partition: id,
      topic,
      owner: owner === null ? null : `m${owner}`,
    }))
  );

Deno.test("assign() gives every partition to a live member, evenly, whatever the order of its input", () => {
  fc.assert(fc.property(shares, members, (shares, members) => {
    const given = assign(shares, members);
    assert.equal(given.size, shares.length);
    const counts = members.map(({ member }) =>
      [...given.values()].filter((owner) => owner === member).length
    );
    assert.equal(counts.reduce((sum, one) => sum + one), shares.length);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    const turned = assign([...shares].reverse(), [...members].reverse());
    assert.deepEqual(new Map([...turned].sort()), new Map([...given].sort()));
  }));
});

Deno.test("assign() moves nothing once it is even", () => {
  fc.assert(fc.property(shares, members, (shares, members) => {
    const given = assign(shares, members);
    const settled = shares.map((share) => ({ ...share, owner: given.get(share.id) ?? null }));
    assert.deepEqual(assign(settled, members), given);
  }));
});

Deno.test("assign() gives a partition to nobody who does not read its topic", () => {
  const rows = [0, 1, 2, 3].map((id): Share => ({
    id,
    partition: id,
    topic: id < 3 ? "a" : "c",
    owner: "y",
  }));
  const given = assign(rows, [
    { member: "x", topics: new Set(["a"]) },
    { member: "y", topics: new Set(["b"]) },
  ]);
  assert.deepEqual([...given], [[0, "x"], [1, "x"], [2, "x"]]);
});
