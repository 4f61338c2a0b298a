import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  checkpointText,
  openCheckpoint,
  originOf,
  parseCheckpoint,
  readCheckpoint,
  signCheckpoint,
  writerOf,
} from "../../../../plugins/audit/tree/checkpoint.ts";
import { generateKey, parseSignerKey, parseVerifierKey } from "../../../../plugins/audit/tree/note_keys.ts";
import { NoteError } from "../../../../plugins/audit/tree/signed_note.ts";

// The sample of c2sp.org/tlog-checkpoint.
const SAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" +
  "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
const WRITER = "w-0123456789abcdef";
const root = Buffer.alloc(32, 5);
const [old, next] = [1, 2].map((seed) => generateKey(originOf(WRITER), Buffer.alloc(32, seed)));
assert.ok(old && next);

Deno.test("readCheckpoint() reads the published sample, and checkpointText() writes it again", () => {
  const { origin, size, root, extensions } = readCheckpoint(SAMPLE);
  assert.deepEqual([origin, size, extensions], ["example.com/behind-the-sofa", 20852163, []]);
  assert.ok(SAMPLE.startsWith(`${checkpointText({ origin, size, root })}\n`));
});

Deno.test("parseCheckpoint() refuses what the format does not allow", () => {
  const hash = root.toString("base64");
  const bad = [
    "",
    "a\n1\n",
    `a\n1\n${hash}`,
    `\n1\n${hash}\n`,
    `a\n01\n${hash}\n`,
    `a\n-1\n${hash}\n`,
    `a\n1.0\n${hash}\n`,
    `a\n9007199254740993\n${hash}\n`,
    `a\n1\n${hash.slice(4)}\n`,
    `a\n1\n${hash.replace("=", "")}\n`,
    `a\n1\n${hash}\n\n`,
    `a\n1\n${hash}\nx\n\ny\n`,
  ];
  for (const text of bad) assert.throws(() => parseCheckpoint(text), NoteError, JSON.stringify(text));
  assert.deepEqual(parseCheckpoint(`a\n0\n${hash}\nx\n`).extensions, ["x"]);
});

Deno.test("while a key is replaced a checkpoint has two signatures, and either key opens it", () => {
  const signers = [old.skey, next.skey].map(parseSignerKey);
  const note = signCheckpoint({ origin: originOf(WRITER), size: 7, root }, signers);
  for (const key of [old, next]) {
    const verifier = parseVerifierKey(key.vkey);
    const open = openCheckpoint(note, [verifier]);
    assert.deepEqual([open.size, open.root, open.signedBy, open.unchecked.length], [7, root, [verifier], 1]);
  }
  assert.equal(
    openCheckpoint(note, [old, next].map(({ vkey }) => parseVerifierKey(vkey))).signedBy.length,
    2,
  );
});

Deno.test("the origin of a trail names its writer", () => {
  assert.equal(writerOf(originOf(WRITER)), WRITER);
  assert.equal(writerOf("example.com/log"), undefined);
});

Deno.test("signCheckpoint() signs nothing that could not be read again", () => {
  const signer = [parseSignerKey(old.skey)];
  assert.throws(() => signCheckpoint({ origin: "a\nb", size: 1, root }, signer), NoteError);
  assert.throws(() => signCheckpoint({ origin: "a", size: 1, root: root.subarray(1) }, signer), NoteError);
  assert.throws(() => signCheckpoint({ origin: "a", size: 1.5, root }, signer), NoteError);
  assert.throws(() => signCheckpoint({ origin: "a", size: 1, root, extensions: [""] }, signer), NoteError);
});
