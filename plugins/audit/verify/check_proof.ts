import { recordBytes } from "../record/encode_record.ts";
import { fromBase64 } from "../tree/base64.ts";
import { includes, isBeginning } from "../tree/check_proofs.ts";
import { type OpenCheckpoint, openCheckpoint, originOf } from "../tree/checkpoint.ts";
import type { NoteVerifier } from "../tree/note_keys.ts";
import { NoteError } from "../tree/signed_note.ts";
import { PROOF_FORMAT } from "./proof_file.ts";
import { readRecord } from "./read_record.ts";

/** What a proof shows. */
export interface ProofResult {
  readonly holds: boolean;
  /** What it shows, or why it shows nothing; a sentence without its full stop. */
  readonly why: string;
}

const MEMBERS = {
  inclusion: ["format", "v", "kind", "record", "proof", "checkpoint"],
  consistency: ["format", "v", "kind", "from", "proof", "checkpoint"],
};

/** Checks what `audit prove` wrote, with nothing but the keys. */
export function checkProof(value: unknown, keys: readonly NoteVerifier[]): ProofResult {
  if (typeof value !== "object" || value === null) return fails("it is no proof");
  const { format, v, kind, record, from, proof, checkpoint } = value as Readonly<Record<string, unknown>>;
  if (format !== PROOF_FORMAT) return fails(`its format is ${JSON.stringify(format)}, not ${PROOF_FORMAT}`);
  if (v !== 1) return fails(`its version is ${JSON.stringify(v)}, not 1`);
  if (kind !== "inclusion" && kind !== "consistency") return fails(`its kind is ${JSON.stringify(kind)}`);
  const other = Object.keys(value).find((name) => !MEMBERS[kind].includes(name));
  if (other !== undefined) return fails(`it has "${other}", which no proof has`);
  const hashes = toHashes(proof);
  if (!hashes) return fails("its hashes are none");
  try {
    const later = openOwn(checkpoint, keys);
    return kind === "inclusion"
      ? checkInclusion(record, hashes, later)
      : checkConsistency(openOwn(from, keys), hashes, later);
  } catch (error) {
    if (error instanceof NoteError) return fails(error.message);
    throw error;
  }
}

function checkInclusion(
  value: unknown,
  proof: readonly Uint8Array[],
  { size, root, origin }: OpenCheckpoint,
): ProofResult {
  if (typeof value !== "object" || value === null) return fails("it has no record");
  const read = readRecord(recordBytes(value as Parameters<typeof recordBytes>[0]));
  if (!("record" in read)) return fails(`its record is none: ${read.why}`);
  const { record: { writer, seq }, leaf } = read;
  if (originOf(writer) !== origin) {
    return fails(`its record is of ${writer}, and its checkpoint of ${origin}`);
  }
  if (!includes({ leaf, index: seq, size, root, proof })) {
    return fails(`record ${seq} is not under the signed root of ${size} records with these hashes`);
  }
  return { holds: true, why: `record ${seq} of ${writer} is one of the ${size} that are signed` };
}

function checkConsistency(
  earlier: OpenCheckpoint,
  proof: readonly Uint8Array[],
  later: OpenCheckpoint,
): ProofResult {
  const { origin, size: from, root: fromRoot } = earlier;
  const { size, root } = later;
  if (origin !== later.origin) return fails(`its checkpoints are of ${origin} and ${later.origin}`);
  if (!isBeginning({ from, fromRoot, size, root, proof })) {
    return fails(
      `the ${from} records signed first are not shown to be the beginning of the ${size} signed later`,
    );
  }
  return {
    holds: true,
    why: `the first ${from} of the ${size} signed records of ${origin} are those signed before`,
  };
}

/** A checkpoint that a key of its trail's name signed. */
function openOwn(note: unknown, keys: readonly NoteVerifier[]): OpenCheckpoint {
  if (typeof note !== "string") throw new NoteError("malformed", "there is none");
  const open = openCheckpoint(note, keys);
  if (!open.signedBy.some(({ name }) => name === open.origin)) {
    throw new NoteError("unknown-key", `no key of ${open.origin} signed it`);
  }
  return open;
}

function toHashes(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const hashes = value.map((each) => typeof each === "string" ? fromBase64(each) : undefined);
  const known = hashes.filter((hash) => hash?.length === 32).filter((hash) => hash !== undefined);
  return known.length === hashes.length ? known : undefined;
}

function fails(why: string): ProofResult {
  return { holds: false, why };
}
