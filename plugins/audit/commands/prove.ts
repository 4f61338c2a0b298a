import { readFile, writeFile } from "node:fs/promises";
import type { CommandCall, PluginCommand, Reader } from "capstan";
import {
  type KeptCheckpoint,
  keptCheckpoint,
  proveConsistency,
  proveInclusion,
  seqOf,
} from "../verify/make_proof.ts";
import type { ProofFile } from "../verify/proof_file.ts";
import { UsageError, withUsage } from "./usage_error.ts";

/** `capstan audit prove`. */
export const proveCommand: PluginCommand = {
  path: "audit prove",
  args: [{ name: "[record]", doc: "Its number, or the id of its request." }],
  doc: "Write a proof that a record is in the trail, or that the trail only grew since a checkpoint.",
  options: [
    {
      flags: "--from <checkpoint>",
      doc: "Since this checkpoint: its number of records, or a file that has it.",
    },
    { flags: "--to <size>", doc: "Under the checkpoint of so many records, not the last one." },
    { flags: "--out <file>", doc: "Write it there, not to standard output." },
  ],
  examples: ["capstan audit prove 17 --out proof.json", "capstan audit prove --from 1024 --out grown.json"],
  run: (call) => withUsage(call.stderr, () => prove(call)),
};

async function prove({ args: [given], options, store, stdout }: CommandCall): Promise<number> {
  const { from, to, out } = options;
  if ((given === undefined) === (from === undefined)) {
    throw new UsageError("Cannot prove that: give a record, or --from a checkpoint");
  }
  const size = to === undefined ? undefined : Number(to);
  const earlier = typeof from === "string" && !/^[0-9]+$/.test(from) ? await readNote(from) : undefined;
  const proof = store.read((db) => {
    const under = underOf(db, size);
    return given === undefined
      ? proveConsistency(db, earlier ?? noteOf(db, Number(from)), under)
      : proveRecord(db, given, under);
  });
  const text = `${JSON.stringify(proof, undefined, 2)}\n`;
  if (typeof out === "string") await writeFile(out, text);
  else await stdout.write(text);
  return 0;
}

function underOf(db: Reader, size: number | undefined): KeptCheckpoint {
  const found = keptCheckpoint(db, size);
  if (found) return found;
  const which = size === undefined
    ? "no checkpoint is there yet"
    : `no checkpoint of ${size} records is there`;
  throw new Error(`Cannot prove anything: ${which}; a running agent makes them`);
}

function noteOf(db: Reader, size: number): string {
  const found = keptCheckpoint(db, size);
  if (found) return found.note;
  throw new Error(`Cannot prove that the trail only grew: no checkpoint of ${size} records is there`);
}

function proveRecord(db: Reader, given: string, under: KeptCheckpoint): ProofFile {
  const seq = seqOf(db, given);
  if (seq === undefined) {
    throw new Error(`Cannot prove record ${given}: the trail has none of that number or request`);
  }
  if (seq >= under.size) {
    throw new Error(
      `Cannot prove record ${seq}: the last checkpoint is of ${under.size} records; wait for the next one`,
    );
  }
  return proveInclusion(db, seq, under);
}

async function readNote(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new UsageError(`Cannot prove anything from ${path}: it can't be read`, { cause });
  }
}
