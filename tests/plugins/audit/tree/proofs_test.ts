import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { leafHash } from "../../../../plugins/audit/record/encode_record.ts";
import { includes, isBeginning } from "../../../../plugins/audit/tree/check_proofs.ts";
import { CompactRange } from "../../../../plugins/audit/tree/compact_range.ts";
import { emptyRoot, nodeHash } from "../../../../plugins/audit/tree/hash.ts";
import { consistencyProof, inclusionProof, treeRoot } from "../../../../plugins/audit/tree/proofs.ts";
import { frontierOf, splitOf } from "../../../../plugins/audit/tree/subtrees.ts";
import { treeOf } from "./tree.ts";

const MOST = 140;
const leaves = Array.from({ length: MOST }, (_, at) => leafHash(Buffer.from(`leaf ${at}`)));
const tree = treeOf(leaves);
const size = fc.integer({ min: 0, max: MOST });
const one = fc.integer({ min: 1, max: MOST });
const flip = fc.integer({ min: 0, max: 255 });

/** RFC 6962's definition, word for word. */
function definition(of: readonly Uint8Array[]): Uint8Array {
  const [first] = of;
  if (!first) return emptyRoot();
  if (of.length === 1) return first;
  let split = 1;
  while (split * 2 < of.length) split *= 2;
  return nodeHash(definition(of.slice(0, split)), definition(of.slice(split)));
}

Deno.test("treeRoot() and CompactRange agree with the definition at every size", () => {
  const edge = new CompactRange();
  for (let count = 0; count <= MOST; count++) {
    const wanted = Buffer.from(definition(leaves.slice(0, count)));
    assert.deepEqual(Buffer.from(edge.root()), wanted);
    assert.deepEqual(Buffer.from(treeRoot(tree.hashes, count)), wanted);
    assert.deepEqual(edge.hashes, frontierOf(count).map(tree.hashes));
    const leaf = leaves[count];
    if (leaf) edge.append(leaf);
  }
});

Deno.test("a range that goes on behind stored subtrees comes to the same root", () => {
  fc.assert(fc.property(size, size, (one, other) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    const edge = CompactRange.from(from, frontierOf(from).map(tree.hashes));
    leaves.slice(from, to).forEach((leaf) => edge.append(leaf));
    assert.deepEqual(edge.root(), treeRoot(tree.hashes, to));
  }));
  assert.throws(() => CompactRange.from(3, [emptyRoot()]), /Cannot go on behind 3 leaves: .* 2 hashes/);
  assert.throws(() => CompactRange.from(1, [new Uint8Array(31)]), /hashes of 32 bytes/);
});

Deno.test("every inclusion proof holds, for its leaf, place, size and root alone", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: MOST }), fc.nat(), flip, (count, pick, bit) => {
    const index = pick % count;
    const [leaf, other] = [leaves[index], leaves[(index + 1) % MOST]];
    assert.ok(leaf && other);
    const root = treeRoot(tree.hashes, count);
    const claim = { leaf, index, size: count, root, proof: inclusionProof(tree.hashes, index, count) };
    assert.ok(includes(claim));
    assert.ok(!includes({ ...claim, leaf: other }));
    assert.ok(!includes({ ...claim, root: flipped(root, bit) }));
    assert.ok(!includes({ ...claim, proof: [...claim.proof, root] }));
    assert.ok(!includes({ ...claim, index: count }));
    if (claim.proof.length > 0) assert.ok(!includes({ ...claim, proof: claim.proof.slice(1) }));
    claim.proof.forEach((hash, at) => {
      assert.ok(!includes({ ...claim, proof: claim.proof.with(at, flipped(hash, bit)) }));
    });
  }));
});

Deno.test("every consistency proof holds, for its two trees alone", () => {
  fc.assert(fc.property(one, one, flip, (one, other, bit) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    const [fromRoot, root] = [treeRoot(tree.hashes, from), treeRoot(tree.hashes, to)];
    const claim = { from, fromRoot, size: to, root, proof: consistencyProof(tree.hashes, from, to) };
    assert.ok(isBeginning(claim));
    assert.ok(!isBeginning({ ...claim, proof: [...claim.proof, root] }));
    assert.ok(!isBeginning({ ...claim, from: to + 1 }));
    assert.ok(!isBeginning({ ...claim, root: flipped(root, bit) }));
    assert.ok(!isBeginning({ ...claim, fromRoot: flipped(fromRoot, bit) }));
    claim.proof.forEach((hash, at) => {
      assert.ok(!isBeginning({ ...claim, proof: claim.proof.with(at, flipped(hash, bit)) }));
    });
  }));
});

Deno.test("what is no tree is refused", () => {
  assert.throws(() => frontierOf(-1), RangeError);
  assert.throws(() => treeRoot(tree.hashes, 1.5), /a size is a whole number/);
  assert.throws(() => inclusionProof(tree.hashes, 5, 5), /Cannot prove leaf 5: the tree has 5/);
  assert.throws(() => consistencyProof(tree.hashes, 6, 5), /Cannot prove that 6 leaves/);
  assert.throws(() => consistencyProof(tree.hashes, 0, 5), /Cannot prove that 0 leaves/);
});

Deno.test("sizes beyond 32 bits keep their places", () => {
  const large = 2 ** 40 + 5;
  assert.deepEqual(frontierOf(large), [
    { level: 40, number: 0 },
    { level: 2, number: 2 ** 38 },
    { level: 0, number: 2 ** 40 + 4 },
  ]);
  assert.equal(frontierOf(Number.MAX_SAFE_INTEGER).length, 53);
  assert.equal(splitOf(Number.MAX_SAFE_INTEGER), 2 ** 52);
  assert.equal(splitOf(2 ** 40), 2 ** 39);
  assert.equal(splitOf(2 ** 40 + 1), 2 ** 40);
});

function flipped(hash: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(hash);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
