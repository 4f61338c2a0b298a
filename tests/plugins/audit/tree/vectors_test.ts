import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { includes, isBeginning } from "../../../../plugins/audit/tree/check_proofs.ts";
import { emptyRoot, nodeHash } from "../../../../plugins/audit/tree/hash.ts";
import { consistencyProof, inclusionProof, treeRoot } from "../../../../plugins/audit/tree/proofs.ts";
import { leafHash } from "../../../../plugins/audit/record/encode_record.ts";
import { treeOf } from "./tree.ts";

// Published with github.com/transparency-dev/merkle (Apache-2.0), testdata/, a file a line.
interface InclusionVector {
  file: string;
  leafIdx: number;
  treeSize: number;
  root: string | null;
  leafHash: string | null;
  proof: string[] | null;
  wantErr: boolean;
}

interface ConsistencyVector {
  file: string;
  size1: number;
  size2: number;
  root1: string | null;
  root2: string | null;
  proof: string[] | null;
  wantErr: boolean;
}

// The leaves and roots of its testonly/constants.go.
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const leaves = LEAVES.map((hex) => leafHash(Buffer.from(hex, "hex")));

function vectors<T>(name: string): T[] {
  const text = Deno.readTextFileSync(new URL(`./vectors/${name}.jsonl`, import.meta.url));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line) as T);
}

function bytes(base64: string | null): Uint8Array {
  return Buffer.from(base64 ?? "", "base64");
}

Deno.test("hashes are those of RFC 6962's published vectors", () => {
  assert.equal(
    Buffer.from(nodeHash(Buffer.from("N123"), Buffer.from("N456"))).toString("hex"),
    "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb",
  );
  assert.equal(
    Buffer.from(leafHash(Buffer.from("L123456"))).toString("hex"),
    "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
  );
  assert.equal(Buffer.from(emptyRoot()).toString("hex"), ROOTS[0]);
});

Deno.test("roots are the published ones at every size, in one pass and from stored subtrees", () => {
  const { hashes } = treeOf(leaves);
  ROOTS.forEach((root, size) => {
    assert.equal(
      Buffer.from(treeOf(leaves.slice(0, size)).edge.root()).toString("hex"),
      root,
      `pass ${size}`,
    );
    assert.equal(Buffer.from(treeRoot(hashes, size)).toString("hex"), root, `subtrees ${size}`);
  });
});

Deno.test("includes() agrees with each published vector, and inclusionProof() makes the good ones", () => {
  const all = vectors<InclusionVector>("inclusion");
  assert.equal(all.length, 98);
  for (const { file, leafIdx, treeSize, root, leafHash: leaf, proof, wantErr } of all) {
    const claim = {
      index: leafIdx,
      size: treeSize,
      root: bytes(root),
      leaf: bytes(leaf),
      proof: (proof ?? []).map(bytes),
    };
    assert.equal(includes(claim), !wantErr, file);
    if (wantErr || treeSize > leaves.length || !sameLeaf(leafIdx, leaf)) continue;
    assert.deepEqual(
      inclusionProof(treeOf(leaves).hashes, leafIdx, treeSize).map(hex),
      claim.proof.map(hex),
      file,
    );
  }
});

Deno.test("isBeginning() agrees with each published vector, and consistencyProof() makes the good ones", () => {
  const all = vectors<ConsistencyVector>("consistency");
  assert.equal(all.length, 98);
  for (const { file, size1, size2, root1, root2, proof, wantErr } of all) {
    const claim = {
      from: size1,
      fromRoot: bytes(root1),
      size: size2,
      root: bytes(root2),
      proof: (proof ?? []).map(bytes),
    };
    assert.equal(isBeginning(claim), !wantErr, file);
    if (wantErr || size2 > leaves.length || hex(claim.root) !== ROOTS[size2]) continue;
    assert.deepEqual(
      consistencyProof(treeOf(leaves).hashes, size1, size2).map(hex),
      claim.proof.map(hex),
      file,
    );
  }
});

function sameLeaf(index: number, leaf: string | null): boolean {
  const found = leaves[index];
  return found !== undefined && hex(found) === hex(bytes(leaf));
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString("hex");
}
