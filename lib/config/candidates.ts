import { envNames } from "./env_names.ts";
import type { FlagValue } from "./flags.ts";
import { type KeyPath, keyText } from "./key.ts";
import type { Place } from "./problem.ts";
import { nodeAt, type TomlNode, type TomlTable } from "./toml.ts";
import { type LeafSetting, type Reading, readNode, readText } from "./value.ts";

/** Everything a configuration is read from. */
export interface Sources {
  /** The file as a tree; empty where there is none. */
  readonly tree: TomlTable;
  /** The file's path, for messages. */
  readonly file: string;
  /** Flags given, in their order. */
  readonly flags: readonly FlagValue[];
  /** The environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One source that has something for a setting. */
export interface Candidate {
  /** Where it stands. */
  readonly place: Place;
  /** The key as that source names it: the alias, the key of the secret's file. */
  readonly key: string;
  /** What it has; for a secret's file the path of that file. */
  readonly reading: Reading;
  /** The value is in the file that is named here. */
  readonly secretFile: boolean;
  /** It was read by the setting's alias. */
  readonly byAlias: boolean;
}

/** A secret's file is named by a path. */
const SECRET_FILE = { type: "string", path: true, doc: "The file that holds the secret." } as const;

/** The sources that have something for a setting, strongest first: flags, environment, file. */
export function candidatesFor(path: KeyPath, setting: LeafSetting, sources: Sources): Candidate[] {
  return [
    ...fromFlags(path, setting, sources),
    ...fromEnvironment(path, setting, sources),
    ...fromFile(path, setting, sources),
  ];
}

function fromFlags(path: KeyPath, setting: LeafSetting, sources: Sources): Candidate[] {
  const key = keyText(path);
  const given = sources.flags.filter((flag) =>
    flag.key === key || (isSecret(setting) && flag.key === `${key}_file`)
  );
  return given.reverse().map((flag) => {
    const secretFile = flag.key !== key;
    const text = typeof flag.value === "object" ? flag.value.join(",") : `${flag.value}`;
    const reading = readText(secretFile ? SECRET_FILE : setting, text);
    return { place: { kind: "flag", name: flag.name }, key: flag.key, reading, secretFile, byAlias: false };
  });
}

function fromEnvironment(path: KeyPath, setting: LeafSetting, sources: Sources): Candidate[] {
  const key = keyText(path);
  const candidates: Candidate[] = [];
  const add = (name: string, secretFile: boolean) => {
    const text = sources.env[name];
    if (text === undefined || text === "") return;
    const reading = readText(secretFile ? SECRET_FILE : setting, text);
    const place: Place = { kind: "env", name };
    candidates.push({ place, key: secretFile ? `${key}_file` : key, reading, secretFile, byAlias: false });
  };
  for (const name of envNames(path, setting)) {
    add(name, false);
    if (isSecret(setting)) add(`${name}_FILE`, true);
  }
  return candidates;
}

function fromFile(path: KeyPath, setting: LeafSetting, sources: Sources): Candidate[] {
  const candidates: Candidate[] = [];
  const add = (at: KeyPath, options: { secretFile: boolean; byAlias: boolean }) => {
    const node = nodeAt(sources.tree, at);
    if (node === undefined) return;
    const reading = readNode(options.secretFile ? SECRET_FILE : setting, node);
    candidates.push({ place: placeOf(node, sources.file), key: keyText(at), reading, ...options });
  };
  add(path, { secretFile: false, byAlias: false });
  if (isSecret(setting)) {
    add([...path.slice(0, -1), `${path.at(-1)}_file`], { secretFile: true, byAlias: false });
  }
  if (setting.alias !== undefined) add(setting.alias.split("."), { secretFile: false, byAlias: true });
  return candidates;
}

/** Where a node of the file stands. */
export function placeOf(node: TomlNode, file: string): Place {
  return { kind: "file", file, line: node.at.line, column: node.at.column };
}

/** Whether a setting is never printed. */
export function isSecret(setting: LeafSetting): boolean {
  return setting.type === "string" && setting.secret === true;
}
