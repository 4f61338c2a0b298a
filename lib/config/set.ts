import { editToml } from "./edit.ts";
import { findSetting } from "./find_setting.ts";
import { type KeyPath, keyText, parseKey, tomlString } from "./key.ts";
import { knownKeys, unknownKey } from "./known.ts";
import { configProblems, type LoadOptions } from "./load.ts";
import { readFolder } from "./locate.ts";
import { ConfigError, configError, type Place, type Problem } from "./problem.ts";
import { rootSchema } from "./root.ts";
import { nodeAt, readToml } from "./toml.ts";
import { isTrusted, recordTrust, trustFolder } from "./trust.ts";
import { readText } from "./value.ts";
import { writeFileAtomically } from "./write_file.ts";
import { messageOf } from "./message_of.ts";

/** What `setConfig` did. */
export interface SetResult {
  /** The file that was written. */
  readonly file: string;
  /** The key under which the value stands in it: the setting's own, or its alias where the file uses that. */
  readonly key: string;
  /** What is wrong with the file as it is now, as settings that are not complete yet. */
  readonly remaining: readonly Problem[];
}

/** The value is named by `config set`, not by a file. */
const PLACE: Place = { kind: "command", name: "config set" };

/**
 * Sets one key in config.toml; makes file and folder where they are missing. Everything else in the file stays as it
 * is. A file that was trusted, or is new, is trusted as it is now.
 * @throws {ConfigError} there is no such setting, the value won't do, or the file can't be edited; nothing was written.
 */
export function setConfig(options: LoadOptions, key: string, value: string): SetResult {
  const { plugins, located, env } = options;
  const schema = rootSchema(plugins);
  const path = parseKey(key) ?? [key];
  const found = findSetting(schema, path);
  if (found === undefined) throw configError([unknownKey(path, PLACE, [], knownKeys(schema))]);
  const { setting, secretFile } = found;
  let literal = tomlString(value);
  if (!secretFile) {
    const reading = readText(setting, value);
    if (!reading.ok) throw configError([{ place: PLACE, key, ...reading }]);
    literal = reading.text;
  }
  const text = located.text ?? "";
  const at = placeInFile(text, located.file, { path, own: found.path, alias: setting.alias, secretFile });
  const edited = editToml(text, { path: at, literal }, located.file);
  // Trust stays as it was: one new line does not vouch for a file that somebody else wrote.
  const wasTrusted = located.text === undefined
    ? trustFolder(env) !== undefined
    : isTrusted(located.dir, located.text, env);
  try {
    writeFileAtomically(located.file, edited);
  } catch (cause) {
    throw new ConfigError(
      `Cannot write ${located.file}: nothing was changed: ${messageOf(cause)}; check its folder`,
      [],
      { cause },
    );
  }
  if (wasTrusted) recordTrust(located.dir, edited, env);
  const now = readFolder(located.dir, located.origin);
  return { file: located.file, key: keyText(at), remaining: configProblems({ ...options, located: now }) };
}

/** The key to write to: where the file has the setting already, else as the user named it. */
function placeInFile(
  text: string,
  file: string,
  { path, own, alias, secretFile }: {
    path: KeyPath;
    own: KeyPath;
    alias: string | undefined;
    secretFile: boolean;
  },
): KeyPath {
  if (secretFile || alias === undefined) return path;
  const tree = readToml(text, file);
  return [own, alias.split(".")].find((each) => nodeAt(tree, each) !== undefined) ?? path;
}
