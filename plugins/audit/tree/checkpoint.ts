import { fromBase64, toBase64 } from "./base64.ts";
import { HASH_BYTES } from "./hash.ts";
import type { NoteSigner, NoteVerifier } from "./note_keys.ts";
import { NoteError, type OpenNote, openNote, parseNote, signNote } from "./signed_note.ts";

/** What a checkpoint says: that the first `size` records of a trail have this root (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** Which trail: `originOf(writer)`. The key that signs has the same name. */
  readonly origin: string;
  /** Records it covers. */
  readonly size: number;
  /** Root over their leaves, 32 bytes. */
  readonly root: Uint8Array;
  /** Further lines; a trail writes none. */
  readonly extensions?: readonly string[];
}

/** A checkpoint a known key signed. */
export interface OpenCheckpoint extends Required<Checkpoint>, Pick<OpenNote, "signedBy" | "unchecked"> {}

const ORIGIN = "capstan/audit/";

/** Origin of a writer's checkpoints, and name of its keys: `capstan/audit/w-0123456789abcdef`. */
export function originOf(writer: string): string {
  return `${ORIGIN}${writer}`;
}

/** The writer whose checkpoints have this origin; `undefined` where it is no trail's. */
export function writerOf(origin: string): string | undefined {
  return origin.startsWith(ORIGIN) ? origin.slice(ORIGIN.length) : undefined;
}

/** The text that is signed. */
export function checkpointText({ origin, size, root, extensions = [] }: Checkpoint): string {
  return [origin, String(size), toBase64(root), ...extensions].map((line) => `${line}\n`).join("");
}

/**
 * Reads the text of a checkpoint.
 * @throws {NoteError} it is malformed.
 */
export function parseCheckpoint(text: string): Required<Checkpoint> {
  const [origin, size, root, ...extensions] = text.split("\n");
  if (extensions.pop() !== "") throw malformed("it has fewer than three lines");
  if (!origin || !size || !root || extensions.includes("")) throw malformed("one of its lines is empty");
  const count = Number(size);
  if (!/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(count)) {
    throw malformed(`"${size}" is no number of records`);
  }
  const hash = fromBase64(root);
  if (hash?.length !== HASH_BYTES) throw malformed(`"${root}" is no root`);
  return { origin, size: count, root: hash, extensions };
}

/** Writes a checkpoint, signed by all signers: while a key is replaced, by the old one and the new. */
export function signCheckpoint(checkpoint: Checkpoint, signers: readonly NoteSigner[]): string {
  const text = checkpointText(checkpoint);
  parseCheckpoint(text);
  return signNote(text, signers);
}

/**
 * Reads a checkpoint and verifies it.
 * @throws {NoteError} it is malformed, a known key's signature does not hold, or no known key signed it.
 */
export function openCheckpoint(note: string, verifiers: readonly NoteVerifier[]): OpenCheckpoint {
  const { text, signedBy, unchecked } = openNote(note, verifiers);
  return { ...parseCheckpoint(text), signedBy, unchecked };
}

/**
 * Reads a checkpoint and believes nothing.
 * @throws {NoteError} it is malformed.
 */
export function readCheckpoint(note: string): Required<Checkpoint> {
  return parseCheckpoint(parseNote(note).text);
}

function malformed(why: string): NoteError {
  return new NoteError("malformed", `it is no checkpoint, ${why}`);
}
