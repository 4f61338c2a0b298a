import type { NoteVerifier } from "../tree/note_keys.ts";
import { checkProof } from "./check_proof.ts";
import type { Damage } from "./damage.ts";
import { type ExportCounts, parseExportLine } from "./export_format.ts";
import { readLines } from "./read_lines.ts";
import type { TrailItem } from "./trail_verifier.ts";

/** The items of an export as its bytes come; what is wrong with the file itself is among them. */
export async function* exportItems(
  chunks: AsyncIterable<Uint8Array>,
  keys: readonly NoteVerifier[],
): AsyncGenerator<TrailItem> {
  const counted = { records: 0, checkpoints: 0, proofs: 0 };
  let counts: ExportCounts | undefined;
  let header = false;
  for await (const { number, bytes, whole } of readLines(chunks)) {
    const where = `line ${number}`;
    const damage = (kind: Damage["kind"], why: string): TrailItem => ({
      type: "damage",
      damage: { kind, where, why },
    });
    if (!whole) {
      yield damage("truncated", "the file ends in the middle of a line");
      continue;
    }
    const line = parseExportLine(bytes);
    if (number === 1 && line.type !== "header") {
      yield damage("format", "the file does not begin as an export does");
    }
    if (counts) yield damage("format", "a line stands behind the end");
    if (line.type === "header") {
      if (header) yield damage("format", "a second beginning is here");
      header = true;
    } else if (line.type === "end") counts = line.counts;
    else if (line.type === "bad") yield damage("format", line.why);
    else if (line.type === "opened") continue;
    else if (line.type === "anchor") yield { type: "anchor", anchor: line.anchor, where };
    else if (line.type === "checkpoint") {
      counted.checkpoints++;
      yield { type: "checkpoint", note: line.note, where };
    } else if (line.type === "proof") {
      counted.proofs++;
      const { holds, why } = checkProof(line.proof, keys);
      if (holds) yield { type: "proven" };
      else yield damage("altered", `the proof here does not hold: ${why}`);
    } else {
      counted.records++;
      yield { type: "record", bytes, where };
    }
  }
  const wrong = counts ? differing(counted, counts) : "no last line says how many lines there are";
  if (wrong) {
    yield { type: "damage", damage: { kind: "truncated", where: "end", why: wrong } };
  }
}

function differing(counted: ExportCounts, said: ExportCounts): string | undefined {
  const names = ["records", "checkpoints", "proofs"] as const;
  const name = names.find((each) => counted[each] !== said[each]);
  return name && `the last line says ${said[name]} ${name}, and ${counted[name]} are here`;
}
