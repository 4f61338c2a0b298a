import { Buffer } from "node:buffer";
import { fromBase64, toBase64 } from "./base64.ts";
import { isKeyName, type NoteSigner, type NoteVerifier } from "./note_keys.ts";

/** One signature line of a note. */
export interface NoteSignature {
  /** Name of the key. */
  readonly name: string;
  /** The key's id: 8 hexadecimal digits. */
  readonly id: string;
  /** The signature behind the id. */
  readonly signature: Uint8Array;
}

/** A note as it is written, nothing verified. */
export interface Note {
  /** With its last line feed. */
  readonly text: string;
  /** At least one. */
  readonly signatures: readonly NoteSignature[];
}

/** A note one signature of which holds at least. */
export interface OpenNote extends Note {
  /** Keys whose signatures hold, each once. */
  readonly signedBy: readonly NoteVerifier[];
  /** Signatures of keys that are not known, so not checked. */
  readonly unchecked: readonly NoteSignature[];
}

/** Why a note is not to be believed. */
export class NoteError extends Error {
  /** Marks the class. */
  override readonly name = "NoteError";

  /** @param failure What kind of failure it is. */
  constructor(readonly failure: "malformed" | "forged" | "unknown-key", why: string) {
    super(`Cannot open a signed note: ${why}`);
  }
}

/** Signatures a note has at most. */
const MOST = 100;
const DASH = "\u2014 ";

/**
 * Reads a note (C2SP signed-note) without verifying it.
 * @throws {NoteError} it is malformed.
 */
export function parseNote(note: string): Note {
  if (!note.isWellFormed() || hasControls(note)) {
    throw malformed("it has control characters or is no text");
  }
  const end = note.lastIndexOf("\n\n");
  if (end < 0) throw malformed("no blank line stands before its signatures");
  const lines = note.slice(end + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0) throw malformed("it does not end with a signature line");
  if (lines.length > MOST) throw malformed(`it has more than ${MOST} signatures`);
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

/**
 * Reads a note and verifies the signatures of all keys that are known; others are ignored, as the format wants it.
 * @throws {NoteError} it is malformed, a known key's signature does not hold, or no known key signed it.
 */
export function openNote(note: string, verifiers: readonly NoteVerifier[]): OpenNote {
  const { text, signatures } = parseNote(note);
  const bytes = Buffer.from(text);
  const signedBy = new Set<NoteVerifier>();
  const unchecked: NoteSignature[] = [];
  for (const each of signatures) {
    const found = verifiers.filter(({ name, id }) => name === each.name && id === each.id);
    if (found.length === 0) unchecked.push(each);
    for (const verifier of found) {
      if (!verifier.verify(bytes, each.signature)) {
        throw new NoteError("forged", `the signature of ${each.name}+${each.id} does not hold`);
      }
      signedBy.add(verifier);
    }
  }
  if (signedBy.size === 0) {
    const by = signatures.map(({ name, id }) => `${name}+${id}`).join(", ");
    throw new NoteError("unknown-key", `no known key signed it, but ${by}`);
  }
  return { text, signatures, signedBy: [...signedBy], unchecked };
}

/**
 * Writes a note with the signatures of all signers, in their order.
 * @throws {NoteError} the text does not end with a line feed, or has control characters.
 */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!text.endsWith("\n")) throw malformed("its text does not end with a line feed");
  const bytes = Buffer.from(text);
  const lines = signers.map(({ verifier: { name, id }, sign }) =>
    `${DASH}${name} ${toBase64(Buffer.concat([Buffer.from(id, "hex"), sign(bytes)]))}\n`
  );
  const note = `${text}\n${lines.join("")}`;
  parseNote(note);
  return note;
}

function parseSignature(line: string): NoteSignature {
  const [name, base64, ...rest] = line.startsWith(DASH) ? line.slice(DASH.length).split(" ") : [];
  const bytes = base64 === undefined ? undefined : fromBase64(base64);
  if (name === undefined || rest.length > 0 || !isKeyName(name) || !bytes || bytes.length < 5) {
    throw malformed("a line of its signatures is none");
  }
  return { name, id: Buffer.from(bytes.subarray(0, 4)).toString("hex"), signature: bytes.subarray(4) };
}

/** Whether a control character below U+0020 other than the line feed is in it. */
function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a) return true;
  }
  return false;
}

function malformed(why: string): NoteError {
  return new NoteError("malformed", why);
}
