import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  generateKey,
  isKeyName,
  parseSignerKey,
  parseVerifierKey,
} from "../../../../plugins/audit/tree/note_keys.ts";
import { NoteError, openNote, parseNote, signNote } from "../../../../plugins/audit/tree/signed_note.ts";

// Published with golang.org/x/mod/sumdb/note (note_test.go) and c2sp.org/signed-note.
const PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
const TEXT = "If you think cryptography is the answer to your problem,\n" +
  "then you don't know what your problem is.\n";
const PETER_LINE =
  "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ENOCH_LINE =
  "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
const C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const C2SP_NOTE = "This is an example message.\n\n" +
  "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

const peter = parseVerifierKey(PETER);
const enoch = parseVerifierKey(ENOCH);

function failureOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof NoteError) return error.failure;
    throw error;
  }
  return "opened";
}

/** Each part of a key, and each key with one byte raised, as the published tests mangle them. */
function* mangled(key: string): Generator<string> {
  for (let from = 0; from <= key.length; from++) {
    for (let to = from + 1; to <= key.length; to++) {
      if (from !== 0 || to !== key.length) yield key.slice(from, to);
    }
  }
  for (let at = 0; at < key.length; at++) {
    yield key.slice(0, at) + String.fromCharCode(key.charCodeAt(at) + 1) + key.slice(at + 1);
  }
}

Deno.test("parseVerifierKey() reads published keys and nothing that is cut or changed", () => {
  assert.equal(parseVerifierKey(PETER).vkey, PETER);
  for (const bad of mangled(PETER)) assert.throws(() => parseVerifierKey(bad), TypeError, bad);
  // A key of the wrong length and one of an unknown type, both with the id that fits.
  const long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
  const other = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  assert.throws(() => parseVerifierKey(long), /Cannot use a verifier key/);
  assert.throws(() => parseVerifierKey(other), /its type is 101, not 1/);
});

Deno.test("parseSignerKey() reads published keys, and no message holds any of one", () => {
  assert.equal(parseSignerKey(PETER_SECRET).verifier.vkey, PETER);
  for (const bad of mangled(PETER_SECRET)) {
    assert.throws(() => parseSignerKey(bad), (error: unknown) => {
      assert.ok(error instanceof TypeError);
      assert.ok(!error.message.includes("FALVFGyNhPJEMzD1"));
      return true;
    }, bad);
  }
});

Deno.test("a signed note is the published one, byte for byte", () => {
  assert.equal(signNote(TEXT, [parseSignerKey(PETER_SECRET)]), `${TEXT}\n${PETER_LINE}`);
  assert.throws(() => signNote("abc", [parseSignerKey(PETER_SECRET)]), NoteError);
  assert.throws(() => signNote("a\tb\n", [parseSignerKey(PETER_SECRET)]), NoteError);
  assert.throws(() => signNote("a\n", []), NoteError);
});

Deno.test("openNote() verifies known keys and ignores others, as published", () => {
  const { text, signedBy } = openNote(C2SP_NOTE, [parseVerifierKey(C2SP_KEY)]);
  assert.deepEqual([text, signedBy.map(({ name }) => name)], ["This is an example message.\n", [
    "example.com/foo",
  ]]);
  const both = `${TEXT}\n${PETER_LINE}${ENOCH_LINE}`;
  const one = openNote(both, [peter]);
  assert.deepEqual([one.signedBy, one.unchecked.map(({ name, id }) => `${name}+${id}`)], [[peter], [
    "EnochRoot+af0cfe78",
  ]]);
  assert.deepEqual(openNote(both, [peter, enoch]).signedBy, [peter, enoch]);
  assert.equal(failureOf(() => openNote(both, [])), "unknown-key");
  assert.deepEqual(openNote(`${TEXT}\n${PETER_LINE}${PETER_LINE}${ENOCH_LINE}`, [peter]).signedBy, [peter]);
});

Deno.test("a known key's signature must hold, be it the second of that key", () => {
  const long = `${PETER_LINE.slice(0, 60)}ABCD${PETER_LINE.slice(60)}`;
  assert.equal(failureOf(() => openNote(`${TEXT}\n${long}`, [peter])), "forged");
  assert.equal(failureOf(() => openNote(`${TEXT}\n${PETER_LINE}${long}`, [peter])), "forged");
  assert.equal(failureOf(() => openNote(`${TEXT.replace("you", "You")}\n${PETER_LINE}`, [peter])), "forged");
  assert.equal(
    failureOf(() => openNote(`${TEXT}\n${ENOCH_LINE.replace("EnochRoot", "PeterNeumann")}`, [peter])),
    "unknown-key",
  );
});

Deno.test("malformed notes of the published tests are refused", () => {
  const bad = [
    TEXT,
    `${TEXT}\n`,
    `${TEXT}\n${PETER_LINE.slice(0, -1)}`,
    `\x01${TEXT}\n${PETER_LINE}`,
    `\ud800${TEXT}\n${PETER_LINE}`,
    `${TEXT}\n${PETER_LINE.replace("PeterNeumann", "Bad Name")}`,
    `${TEXT}\n${PETER_LINE}Unexpected line.\n`,
    `${TEXT}\n${PETER_LINE.repeat(101)}`,
    `${TEXT}\n${PETER_LINE.replace("AM=", "AN=")}`,
    `${TEXT}\n${PETER_LINE.replace("—", "-")}`,
    `${TEXT}\n— PeterNeumann x08go==\n`,
  ];
  for (const note of bad) assert.equal(failureOf(() => openNote(note, [peter])), "malformed", note);
});

Deno.test("names of keys have no spaces, no plus, no controls", () => {
  for (const name of ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\u0085b", "a\u0001b", "\ud800"]) {
    assert.ok(!isKeyName(name), JSON.stringify(name));
    assert.throws(() => generateKey(name), /is no name for one/);
  }
  assert.ok(isKeyName("capstan/audit/w-0123456789abcdef"));
});

Deno.test("what a new key signs, its verifier key opens, whatever the text; no single change does", () => {
  const { skey, vkey } = generateKey("example.com/log", Buffer.alloc(32, 7));
  const [signer, verifier] = [parseSignerKey(skey), parseVerifierKey(vkey)];
  const line = fc.string({ unit: "grapheme", maxLength: 20 });
  fc.assert(fc.property(fc.array(line), fc.nat(), (lines, pick) => {
    const text = `${lines.join("\n")}\n`;
    const note = signNote(text, [signer]);
    assert.equal(openNote(note, [verifier]).text, text);
    const bytes = Buffer.from(note);
    bytes[pick % bytes.length]! ^= 1;
    const changed = new TextDecoder().decode(bytes);
    assert.notEqual(failureOf(() => openNote(changed, [verifier])), "opened");
  }));
  assert.equal(parseNote(signNote("\n", [signer])).text, "\n");
});
