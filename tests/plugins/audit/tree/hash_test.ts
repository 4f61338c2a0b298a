import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { hashOfHex, nodeHash, NodeHasher } from "../../../../plugins/audit/tree/hash.ts";

const hash = () => fc.uint8Array({ minLength: 32, maxLength: 32 });

Deno.test("NodeHasher.hash() is nodeHash(), one node after the other, and leaves its children alone", () => {
  const nodes = new NodeHasher();
  fc.assert(fc.property(hash(), hash(), (left, right) => {
    const before = [Buffer.from(left), Buffer.from(right)];
    assert.deepEqual(nodes.hash(left, right), nodeHash(left, right));
    assert.deepEqual([Buffer.from(left), Buffer.from(right)], before);
  }));
});

Deno.test("hashOfHex() reads every digit", () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
  assert.deepEqual(hashOfHex(all.toString("hex")), new Uint8Array(all));
});
