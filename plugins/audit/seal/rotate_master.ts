import type { PluginStore } from "capstan";
import { Keyring, wrappedBy } from "./keyring.ts";
import {
  makeMasters,
  masterFileText,
  masterKeyFile,
  type MasterKeyPlace,
  newMaster,
  readMasters,
} from "./master_keys.ts";
import { masterKey } from "./master_key.ts";
import { replaceSecretFile } from "./secret_file.ts";

/** What a rotation did. */
export interface Rotated {
  /** Id of the master that wraps the keys now. */
  readonly master: string;
  /** Keys wrapped anew. */
  readonly keys: number;
  /** Where it is kept. */
  readonly where: string;
}

/**
 * Wraps all keys under another master: one made now, or the first of the setting where that gives them. Both masters are
 * in the file until the store has committed, so that a crash at any moment loses no key. Fingerprints stay as they are.
 * @throws {Error} the master that wraps now is lost.
 */
export async function rotateMaster(store: PluginStore, place: MasterKeyPlace): Promise<Rotated> {
  if (store.read(wrappedBy) === undefined) await makeMasters(place);
  const before = await readMasters(place);
  if (store.read(wrappedBy) === undefined) await store.write((tx) => Keyring.prepare(tx, before));
  // Says so where the master is lost.
  store.read((db) => Keyring.open(db, before));
  const file = place.master_key === undefined ? masterKeyFile(place) : undefined;
  const next = file === undefined ? before.keys[0] : masterKey(newMaster());
  if (!next) throw new Error(`Cannot rotate the master key: ${before.where} holds none`);
  if (file !== undefined) {
    await replaceSecretFile(file, masterFileText([next, ...before.keys].map(({ key }) => key)));
  }
  const keys = await store.write((tx) => {
    const from = before.keys.find(({ id }) => id === wrappedBy(tx));
    if (!from) throw new Error("Cannot rotate the master key: somebody else has just done so");
    return from.id === next.id ? 0 : Keyring.rewrap(tx, from, next);
  });
  if (file !== undefined) await replaceSecretFile(file, masterFileText([next.key]));
  return { master: next.id, keys, where: before.where };
}
