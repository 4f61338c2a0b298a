import { readFile } from "node:fs/promises";
import { type NoteVerifier, parseVerifierKey } from "../tree/note_keys.ts";
import { UsageError } from "./usage_error.ts";

type Option = string | boolean | undefined;

/** The values of an option that may be given several times. */
export function valuesOf(option: Option): string[] {
  return typeof option === "string" ? option.split(",").filter((value) => value !== "") : [];
}

/**
 * The keys of `--key`: each a verifier key, or a file of them, one a line.
 * @throws {UsageError} there is none, or one can't be read.
 */
export async function keysOf(option: Option): Promise<NoteVerifier[]> {
  const found: NoteVerifier[] = [];
  for (const value of valuesOf(option)) {
    const texts = await vkeysOf(value);
    for (const text of texts) {
      try {
        found.push(parseVerifierKey(text));
      } catch (cause) {
        throw new UsageError(`Cannot verify with --key ${value}: ${messageOf(cause)}`, { cause });
      }
    }
  }
  if (found.length === 0) {
    throw new UsageError(
      "Cannot verify without a public key: give --key name+id+base64, or a file that has it; keep it where the trail is not",
    );
  }
  return found;
}

/** A verifier key as it is, else what a file has of them. */
async function vkeysOf(value: string): Promise<string[]> {
  if (/^[^+\s]+\+[0-9a-f]{8}\+/.test(value)) return [value];
  try {
    const lines = (await readFile(value, "utf8")).split("\n").map((line) => line.trim());
    return lines.filter((line) => line !== "" && !line.startsWith("#"));
  } catch (cause) {
    throw new UsageError(
      `Cannot verify with --key ${value}: it is no key (name+id+base64), and no file that can be read`,
      { cause },
    );
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
