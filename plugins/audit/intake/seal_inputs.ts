import { Buffer } from "node:buffer";
import { readJson } from "capstan/json";
import { close, open } from "../seal/box.ts";
import type { Keyring } from "../seal/keyring.ts";
import type { RecordInput } from "../trail/record_input.ts";

const ABOUT = "capstan audit intake";

/** Records to be as they wait to be entered: closed, so that nothing of them is on the disk in the clear. */
export function closeInputs(inputs: readonly RecordInput[], keyring: Pick<Keyring, "intake">): Uint8Array {
  return closeInputText(JSON.stringify(inputs), keyring);
}

/** The same of their JSON. */
export function closeInputText(text: string, keyring: Pick<Keyring, "intake">): Uint8Array {
  return close(keyring.intake, Buffer.from(text), ABOUT);
}

/**
 * Opens what `closeInputs` made.
 * @throws {Error} it was altered, or comes from another trail.
 */
export function openInputs(value: unknown, keyring: Pick<Keyring, "intake">): RecordInput[] {
  if (!(value instanceof Uint8Array)) return [];
  return readJson(open(keyring.intake, value, ABOUT).toString()) as RecordInput[];
}
