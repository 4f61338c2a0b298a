import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Settings } from "../settings.ts";
import { KEY_BYTES } from "./box.ts";
import { type MasterKey, readMasterKeys } from "./master_key.ts";
import { makeSecretFile, readSecretFile } from "./secret_file.ts";
import { UnusableKey } from "./unusable_key.ts";

/** Where master keys come from: the setting (or its environment variable), else a file. */
export type MasterKeyPlace = Pick<Settings, "folder" | "master_key">;

/** The first is the current one. */
export interface MasterKeys {
  readonly keys: readonly MasterKey[];
  /** For messages: the file, or the setting. */
  readonly where: string;
}

const SETTING = "plugins.audit.master_key (CAPSTAN_AUDIT_MASTER_KEY)";

/** The file of master keys. */
export function masterKeyFile({ folder }: Pick<Settings, "folder">): string {
  return join(folder, "master.key");
}

/**
 * Reads the master keys.
 * @throws {UnusableKey} there are none, or what is there is no key; names the file.
 */
export async function readMasters(place: MasterKeyPlace): Promise<MasterKeys> {
  if (place.master_key !== undefined) {
    return { keys: readMasterKeys(place.master_key, SETTING), where: SETTING };
  }
  const file = masterKeyFile(place);
  const text = await readSecretFile(file);
  if (text === undefined) {
    throw new UnusableKey(
      `Cannot open the keys of the audit trail: there is no ${file}; put it back from its copy, or give the key in ` +
        "CAPSTAN_AUDIT_MASTER_KEY",
    );
  }
  return { keys: readMasterKeys(text, file), where: file };
}

/** Makes the file of master keys with a first one, where the setting gives none and there is no file. */
export async function makeMasters(place: MasterKeyPlace): Promise<void> {
  if (place.master_key !== undefined) return;
  const file = masterKeyFile(place);
  if (await readSecretFile(file) === undefined) await makeSecretFile(file, masterFileText([newMaster()]));
}

/** 32 random bytes. */
export function newMaster(): Uint8Array {
  return randomBytes(KEY_BYTES);
}

/** What the file of master keys holds. */
export function masterFileText(keys: readonly Uint8Array[]): string {
  const lines = keys.map((key) => Buffer.from(key).toString("base64"));
  return `# Capstan, audit: whoever has this key can read the trail; without it nobody can. Keep a copy elsewhere.\n${
    lines.join("\n")
  }\n`;
}
