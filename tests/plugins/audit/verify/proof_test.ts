import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { openStore } from "../../../../lib/store/open_store.ts";
import { AUDIT_MIGRATIONS } from "../../../../plugins/audit/trail/tables.ts";
import { originOf, signCheckpoint } from "../../../../plugins/audit/tree/checkpoint.ts";
import { parseVerifierKey } from "../../../../plugins/audit/tree/note_keys.ts";
import { checkProof } from "../../../../plugins/audit/verify/check_proof.ts";
import { endLine, EXPORT_HEADER, proofLine } from "../../../../plugins/audit/verify/export_format.ts";
import {
  keptCheckpoint,
  proveConsistency,
  proveInclusion,
  seqOf,
} from "../../../../plugins/audit/verify/make_proof.ts";
import type { ConsistencyFile, InclusionFile } from "../../../../plugins/audit/verify/proof_file.ts";
import { keyOf, TrailBuilder, WRITER } from "./trail_builder.ts";
import { firstOf, verifyExport } from "./verifying.ts";

const built = new TrailBuilder().add(8).checkpoint().add(13).checkpoint().add(2);
const keys = [parseVerifierKey(keyOf(1).vkey)];

/** Proofs of the trail in a file: of record 5, and that 21 records go on from 8. */
async function proofs(): Promise<
  { inclusion: InclusionFile; consistency: ConsistencyFile; seqs: unknown[] }
> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-proof-" });
  try {
    await using store = await openStore({ file: `${folder}/trail.sqlite` });
    await store.migrate("audit", AUDIT_MIGRATIONS);
    await store.write((tx) => built.store(tx));
    return store.read((db) => {
      const [early, last] = [keptCheckpoint(db, 8), keptCheckpoint(db)];
      assert.ok(early && last);
      assert.equal(last.size, 21);
      return {
        inclusion: proveInclusion(db, 5, last),
        consistency: proveConsistency(db, early.note, last),
        seqs: [seqOf(db, "5"), seqOf(db, "request-5"), seqOf(db, "99"), seqOf(db, "nobody")],
      };
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const { inclusion, consistency, seqs } = await proofs();
const checked = (proof: unknown, with_ = keys) => checkProof(JSON.parse(JSON.stringify(proof)), with_);
const note = (size: number, writer = WRITER) =>
  signCheckpoint({ origin: originOf(writer), size, root: Buffer.alloc(32) }, [keyOf(1).signer]);

Deno.test("a record is proven by its number or the id of its request", () => {
  assert.deepEqual(seqs, [5, 5, undefined, undefined]);
  assert.deepEqual(checked(inclusion), {
    holds: true,
    why: `record 5 of ${WRITER} is one of the 21 that are signed`,
  });
  assert.deepEqual(checked(consistency), {
    holds: true,
    why: `the first 8 of the 21 signed records of ${originOf(WRITER)} are those signed before`,
  });
});

const TAMPERED: [what: string, proof: unknown, why: RegExp][] = [
  ["the record", { ...inclusion, record: { ...inclusion.record, tenant: "x" } }, /not under the signed root/],
  [
    "the record's number",
    { ...inclusion, record: { ...inclusion.record, seq: 6 } },
    /not under the signed root/,
  ],
  [
    "the record's writer",
    { ...inclusion, record: { ...inclusion.record, writer: "w-f" } },
    /its record is of w-f/,
  ],
  ["a record that is none", { ...inclusion, record: { v: 1 } }, /its record is none/],
  ["no record", { ...inclusion, record: null }, /no record/],
  ["a hash less", { ...inclusion, proof: inclusion.proof.slice(1) }, /not under the signed root/],
  [
    "a hash more",
    { ...inclusion, proof: [...inclusion.proof, inclusion.proof[0]] },
    /not under the signed root/,
  ],
  ["hashes swapped", { ...inclusion, proof: inclusion.proof.toReversed() }, /not under the signed root/],
  ["a hash that is none", { ...inclusion, proof: ["x"] }, /hashes are none/],
  ["another signed checkpoint", { ...inclusion, checkpoint: note(21) }, /not under the signed root/],
  ["another writer's checkpoint", { ...inclusion, checkpoint: note(21, "w-f") }, /no known key|no key of/],
  [
    "a changed checkpoint",
    { ...inclusion, checkpoint: inclusion.checkpoint.replace("21", "22") },
    /does not hold/,
  ],
  ["no checkpoint", { ...inclusion, checkpoint: undefined }, /there is none/],
  ["another format", { ...inclusion, format: "x" }, /its format is "x"/],
  ["another version", { ...inclusion, v: 2 }, /its version is 2/],
  ["another kind", { ...inclusion, kind: "x" }, /its kind is "x"/],
  ["something beside it", { ...inclusion, extra: 1 }, /"extra", which no proof has/],
  ["the earlier checkpoint", { ...consistency, from: note(8) }, /not shown to be the beginning/],
  ["the later checkpoint", { ...consistency, checkpoint: note(21) }, /not shown to be the beginning/],
  [
    "a hash of the way between",
    { ...consistency, proof: consistency.proof.slice(1) },
    /not shown to be the beginning/,
  ],
  [
    "both checkpoints turned",
    { ...consistency, from: consistency.checkpoint, checkpoint: consistency.from },
    /not shown/,
  ],
  ["nothing", null, /it is no proof/],
];

for (const [what, proof, why] of TAMPERED) {
  Deno.test(`a proof does not hold once changed: ${what}`, () => {
    const result = checked(proof);
    assert.equal(result.holds, false);
    assert.match(result.why, why);
  });
}

Deno.test("a proof holds for the key that signed alone", () => {
  assert.match(checked(inclusion, [parseVerifierKey(keyOf(2).vkey)]).why, /no known key signed it/);
  assert.equal(checked(inclusion, [...keys, parseVerifierKey(keyOf(2).vkey)]).holds, true);
});

Deno.test("any single character of a proof that is changed is found, or changes nothing in it", () => {
  const text = JSON.stringify(inclusion);
  fc.assert(fc.property(fc.nat(text.length - 1), fc.constantFrom(...'0aZ+ "{,'), (at, by) => {
    const changed = text.slice(0, at) + by + text.slice(at + 1);
    if (changed === text) return;
    try {
      assert.equal(checkProof(JSON.parse(changed), keys).holds, false, changed);
    } catch (error) {
      assert.ok(error instanceof SyntaxError);
    }
  }));
});

Deno.test("an export of picked records holds by their proofs alone", async () => {
  const lines = (proof: unknown) =>
    EXPORT_HEADER + proofLine(proof) + endLine({ records: 0, checkpoints: 0, proofs: 1 });
  const report = await verifyExport(lines(inclusion));
  assert.deepEqual([firstOf(report), report.proven], ["sound", 1]);
  const bad = await verifyExport(lines({ ...inclusion, proof: [] }));
  assert.deepEqual([firstOf(bad), bad.proven], ["altered", 0]);
});
