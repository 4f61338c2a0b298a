import { type AST, parseTOML } from "toml-eslint-parser";

/** A key as the names it consists of: `["store", "sqlite"]`. */
export type KeyPath = readonly string[];

/** A key as it is written in TOML; names that need quotes get them. */
export function keyText(path: KeyPath): string {
  return path.map((name) => /^[A-Za-z0-9_-]+$/.test(name) ? name : tomlString(name)).join(".");
}

/** Reads a dotted key, quoted names included. `undefined`: the text is no key. */
export function parseKey(text: string): KeyPath | undefined {
  if (/[\r\n=]/.test(text)) return undefined;
  try {
    const [first] = parseTOML(`${text} = 0`, { tomlVersion: "1.0" }).body[0].body;
    return first?.type === "TOMLKeyValue" ? keyNames(first.key) : undefined;
  } catch {
    return undefined;
  }
}

/** The names of a key of the syntax tree. */
export function keyNames(key: AST.TOMLKey): string[] {
  return key.keys.map((part) => part.type === "TOMLBare" ? part.name : part.value);
}

/** A text as a TOML basic string. JSON's escapes are TOML's, but for DEL, which TOML wants escaped. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\x7f", "\\u007f");
}
