import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { ensureKeyFile, keyOfFile, readKey } from "./key_file.ts";
import { AgentRedaction, derivedKeys } from "./agent_redaction.ts";
import type { RedactSettings } from "./settings.ts";

/**
 * The redaction of these settings. Its key is that of the settings, or of a file beside the data, made when first needed.
 * With `makesKey: false` no file is made: a passing key takes its place.
 * @throws {TypeError} an own pattern, the country or the key is none.
 */
export async function openRedaction(
  settings: RedactSettings,
  storeFile: string,
  { makesKey = true }: { makesKey?: boolean } = {},
): Promise<AgentRedaction> {
  const { enabled, key: given, actions, phone_country, patterns } = settings;
  const file = join(dirname(storeFile), "redact.key");
  const key = given === undefined ? undefined : readKey(given, "redact.key");
  return await AgentRedaction.of(enabled, { actions, phone_country, patterns }, {
    place: key ? "redact.key" : file,
    get: (make) => {
      const found = key ?? (make && makesKey ? ensureKeyFile(file) : keyOfFile(file) ?? passing(makesKey));
      return found && derivedKeys(found);
    },
  });
}

/** A key for looking alone. */
function passing(makesKey: boolean): Uint8Array | undefined {
  return makesKey ? undefined : randomBytes(32);
}
