import type { Keyring } from "../seal/keyring.ts";
import type { RecordInput } from "../trail/record_input.ts";
import { closeInputText } from "./seal_inputs.ts";

/** Inputs of a bundle that are entered in one transaction at most: 20 ms of the file's lock. */
const MOST_INPUTS = 256;
/** Characters of their JSON in one transaction at most, but for the first. */
const MOST_TEXT = 256 * 1024;
/** Inputs, and characters of their JSON, of a part; but for a part of a single input. */
const PART = { inputs: 64, text: 32 * 1024 };

/**
 * The parts of a bundle that is too large to be entered in one transaction, closed as it was, in its order; none where it
 * is small enough. What was taken together is durable as one record of the intake until its parts are, together.
 */
export function partInputs(
  inputs: readonly RecordInput[],
  keyring: Pick<Keyring, "intake">,
): Uint8Array[] {
  if (inputs.length < 2) return [];
  const texts = inputs.map((input) => JSON.stringify(input));
  const length = texts.reduce((sum, text) => sum + text.length, 0);
  if (inputs.length <= MOST_INPUTS && length <= MOST_TEXT) return [];
  const parts: string[][] = [];
  let size = 0;
  for (const text of texts) {
    const last = parts.at(-1);
    if (last && last.length < PART.inputs && size + text.length <= PART.text) {
      last.push(text);
      size += text.length;
    } else {
      parts.push([text]);
      size = text.length;
    }
  }
  return parts.map((part) => closeInputText(`[${part.join(",")}]`, keyring));
}
