import type { PluginStore, Reader } from "capstan";
import { Keyring, wrappedBy } from "./keyring.ts";
import { makeMasters, type MasterKeyPlace, readMasters } from "./master_keys.ts";

/**
 * Opens the trail's keys. The first time a master key is made (unless the setting gives one), and the trail's own keys
 * under it.
 * @throws {Error} the master key is lost or another one; names the file.
 */
export async function openKeyring(store: PluginStore, place: MasterKeyPlace): Promise<Keyring> {
  // Once there are wrapped keys, a new master would open none of them.
  if (store.read(wrappedBy) === undefined) await makeMasters(place);
  const masters = await readMasters(place);
  if (store.read(wrappedBy) === undefined) await store.write((tx) => Keyring.prepare(tx, masters));
  return store.read((db) => Keyring.open(db, masters));
}

/** The same where only reading is possible, as in a Worker: the keys are there since the start. */
export async function reopenKeyring(
  read: <T>(work: (db: Reader) => T) => T,
  place: MasterKeyPlace,
): Promise<Keyring> {
  const masters = await readMasters(place);
  return read((db) => Keyring.open(db, masters));
}
