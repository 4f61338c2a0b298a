import { type KeyPath, keyText } from "./key.ts";
import { eachText, isLeaf, leavesOf } from "./root.ts";
import type { Setting, SettingsSchema } from "./schema.ts";
import type { LeafSetting } from "./value.ts";

/** A setting found by its key, its alias, or the key of a secret's file. */
export interface FoundSetting {
  /** Its own key, with the names the user chose. */
  readonly path: KeyPath;
  /** The setting itself. */
  readonly setting: LeafSetting;
  /** The key was that of the file that holds the secret. */
  readonly secretFile: boolean;
}

/** The setting that a key means. `undefined`: none. */
export function findSetting(schema: SettingsSchema, path: KeyPath): FoundSetting | undefined {
  const own = at(schema, path);
  if (own !== undefined) return { path, setting: own, secretFile: false };
  const last = path.at(-1) ?? "";
  if (last.endsWith("_file")) {
    const secretPath = [...path.slice(0, -1), last.slice(0, -"_file".length)];
    const secret = at(schema, secretPath);
    if (secret?.type === "string" && secret.secret === true) {
      return { path: secretPath, setting: secret, secretFile: true };
    }
  }
  const key = keyText(path);
  const aliased = leavesOf(schema).find(({ setting }) => setting.alias === key);
  return aliased === undefined ? undefined : { ...aliased, secretFile: false };
}

function at(schema: SettingsSchema, path: KeyPath): LeafSetting | undefined {
  const [name, ...rest] = path;
  if (name === undefined || !Object.hasOwn(schema, name)) return undefined;
  const setting: Setting | undefined = schema[name];
  if (setting === undefined) return undefined;
  if (isLeaf(setting)) return rest.length === 0 ? setting : undefined;
  if (setting.type === "texts") return rest.length === 0 ? undefined : eachText(setting);
  return at(setting.fields, setting.type === "tables" ? rest.slice(1) : rest);
}
