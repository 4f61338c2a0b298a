import { Buffer } from "node:buffer";
import { close, open } from "../seal/box.ts";
import type { Keyring } from "../seal/keyring.ts";
import type { Entry } from "./entry.ts";

const ABOUT = "capstan audit intake";

/** Entries as they wait to be entered: closed, so that nothing of them is on the disk in the clear. */
export function closeEntries(entries: readonly Entry[], keyring: Pick<Keyring, "intake">): Uint8Array {
  return close(keyring.intake, Buffer.from(JSON.stringify(entries)), ABOUT);
}

/**
 * Opens what `closeEntries` made.
 * @throws {Error} it was altered, or comes from another trail.
 */
export function openEntries(value: unknown, keyring: Pick<Keyring, "intake">): Entry[] {
  if (!(value instanceof Uint8Array)) return [];
  return JSON.parse(open(keyring.intake, value, ABOUT).toString()) as Entry[];
}
