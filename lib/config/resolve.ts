import { type Candidate, candidatesFor, isSecret, placeOf, type Sources } from "./candidates.ts";
import type { Entry } from "./entry.ts";
import { type KeyPath, keyText } from "./key.ts";
import { absolutePath, type PathBases } from "./paths.ts";
import { type Place, placeText, type Problem } from "./problem.ts";
import { eachText } from "./root.ts";
import type { NamedTablesSetting, SettingsSchema, TextsSetting } from "./schema.ts";
import { MASK, readSecretFile } from "./secret.ts";
import { nodeAt } from "./toml.ts";
import { allowedText, type LeafSetting, readDefault, readText, type SettingValue } from "./value.ts";

/** A schema with values for its keys, and all that was wrong on the way. */
export interface Resolution {
  /** Nested as the schema is. */
  readonly values: Record<string, unknown>;
  /** Every key with its value and source, in the schema's order. */
  readonly entries: readonly Entry[];
  /** What is wrong with single values. */
  readonly problems: readonly Problem[];
  /** What works, but should be known. */
  readonly warnings: readonly string[];
}

/** What a run of `resolve` gathers. */
interface Run {
  readonly sources: Sources;
  readonly bases: PathBases;
  readonly entries: Entry[];
  readonly problems: Problem[];
  readonly warnings: string[];
}

/** Gives every key of a schema its value: flag before environment before file before default. */
export function resolve(schema: SettingsSchema, sources: Sources, bases: PathBases): Resolution {
  const run: Run = { sources, bases, entries: [], problems: [], warnings: [] };
  const values = resolveTable(run, schema, []);
  return { values, entries: run.entries, problems: run.problems, warnings: run.warnings };
}

function resolveTable(run: Run, schema: SettingsSchema, path: KeyPath): Record<string, unknown> {
  const pairs: [string, unknown][] = [];
  for (const [name, setting] of Object.entries(schema)) {
    const here = [...path, name];
    if (setting.type === "table") {
      expectTable(run, here);
      pairs.push([name, resolveTable(run, setting.fields, here)]);
    } else if (setting.type === "tables") {
      pairs.push([name, resolveNamed(run, setting, here)]);
    } else if (setting.type === "texts") {
      expectTable(run, here);
      pairs.push([name, Object.fromEntries(resolveTexts(run, setting, here, []))]);
    } else {
      const value = resolveLeaf(run, here, setting);
      if (value !== undefined) pairs.push([name, value]);
    }
  }
  return Object.fromEntries(pairs);
}

function resolveNamed(run: Run, setting: NamedTablesSetting, path: KeyPath): Record<string, unknown> {
  const node = nodeAt(run.sources.tree, path);
  expectTable(run, path);
  const names = node?.kind === "table" ? [...node.entries.keys()] : [];
  return Object.fromEntries(names.map((name) => {
    expectTable(run, [...path, name]);
    return [name, resolveTable(run, setting.fields, [...path, name])];
  }));
}

/** Names with dots may be written as tables in tables: `cleanup.policy = "compact"`. */
function resolveTexts(
  run: Run,
  setting: TextsSetting,
  path: KeyPath,
  name: KeyPath,
): [name: string, text: SettingValue][] {
  const table = nodeAt(run.sources.tree, [...path, ...name]);
  if (table?.kind !== "table") return [];
  return [...table.entries].flatMap(([key, node]) => {
    const here = [...name, key];
    if (node.kind === "table") return resolveTexts(run, setting, path, here);
    const value = resolveLeaf(run, [...path, ...here], eachText(setting));
    return value === undefined ? [] : [[here.join("."), value]];
  });
}

function expectTable(run: Run, path: KeyPath): void {
  const node = nodeAt(run.sources.tree, path);
  if (node === undefined || node.kind === "table") return;
  run.problems.push({
    place: placeOf(node, run.sources.file),
    key: keyText(path),
    wrong: node.kind === "array" ? "is a list" : "is a single value",
    allowed: `it must be a table: [${keyText(path)}]`,
  });
}

function resolveLeaf(run: Run, path: KeyPath, setting: LeafSetting): SettingValue | undefined {
  const candidates = candidatesFor(path, setting, run.sources);
  const [winner] = candidates;
  // All of the file is checked, whatever overrides it: it must not break on the day the override goes.
  for (const candidate of candidates) {
    if (candidate === winner || candidate.place.kind === "file") addProblem(run, candidate);
  }
  checkTwice(run, candidates);
  if (winner !== undefined) {
    return winner.secretFile
      ? fromSecretFile(run, path, setting, winner)
      : fromCandidate(run, path, setting, winner);
  }
  const reading = readDefault(setting);
  const place: Place = { kind: "default" };
  if (reading === undefined) {
    addEntry(run, path, setting, { place, text: "" });
    return undefined;
  }
  if (!reading.ok) {
    throw new TypeError(
      `Cannot use the schema of ${keyText(path)}: its default ${reading.wrong}; ${reading.allowed}`,
    );
  }
  const isPath = setting.type === "string" && setting.path === true;
  const value = isPath ? absolutePath(`${reading.value}`, { ...run.bases, fromFile: true }) : reading.value;
  addEntry(run, path, setting, { place, text: reading.text, value });
  return value;
}

function fromCandidate(
  run: Run,
  path: KeyPath,
  setting: LeafSetting,
  { place, reading, byAlias }: Candidate,
): SettingValue | undefined {
  if (!reading.ok) return undefined;
  const isPath = setting.type === "string" && setting.path === true && typeof reading.value === "string";
  const fromFile = place.kind === "file" && !byAlias;
  const value = isPath ? absolutePath(`${reading.value}`, { ...run.bases, fromFile }) : reading.value;
  addEntry(run, path, setting, { place, text: reading.text, value });
  return value;
}

function fromSecretFile(
  run: Run,
  path: KeyPath,
  setting: LeafSetting,
  { place, key, reading }: Candidate,
): SettingValue | undefined {
  if (!reading.ok) return undefined;
  const name = absolutePath(`${reading.value}`, { ...run.bases, fromFile: place.kind === "file" });
  const file = readSecretFile(name);
  if (!file.ok) {
    run.problems.push({ place, key, wrong: file.wrong, allowed: "name a file that holds the secret alone" });
    return undefined;
  }
  if (file.openToOthers) {
    run.warnings.push(`${placeText(place)}: ${key} names ${name}, which other users can read; chmod 600 it`);
  }
  const inner = readText(setting, file.value);
  if (!inner.ok) {
    run.problems.push({
      place,
      key,
      wrong: `names ${name}, whose content will not do`,
      allowed: inner.allowed,
    });
    return undefined;
  }
  addEntry(run, path, setting, { place, text: inner.text, value: inner.value });
  return inner.value;
}

function addProblem(run: Run, { place, key, reading }: Candidate): void {
  if (reading.ok) return;
  const { wrong, allowed, nearest } = reading;
  run.problems.push({ place, key, wrong, allowed, ...(nearest === undefined ? {} : { nearest }) });
}

/** A file that names one setting twice: a secret and its file contradict each other; an alias is only overridden. */
function checkTwice(run: Run, candidates: readonly Candidate[]): void {
  const inFile = candidates.filter(({ place }) => place.kind === "file");
  const secret = inFile.find(({ secretFile }) => !secretFile);
  const secretFile = inFile.find((candidate) => candidate.secretFile);
  if (secret !== undefined && secretFile !== undefined) {
    const wrong = `stands beside ${secret.key}`;
    run.problems.push({
      place: secretFile.place,
      key: secretFile.key,
      wrong,
      allowed: "keep one of the two",
    });
  }
  const alias = inFile.find(({ byAlias }) => byAlias);
  const own = inFile.find(({ byAlias }) => !byAlias);
  if (alias !== undefined && own !== undefined) {
    run.warnings.push(`${placeText(alias.place)}: ${alias.key} is overridden by ${own.key} in the same file`);
  }
}

function addEntry(
  run: Run,
  path: KeyPath,
  setting: LeafSetting,
  { place, text, value }: { place: Place; text: string; value?: SettingValue },
): void {
  const secret = isSecret(setting);
  const hide = secret && value !== undefined;
  run.entries.push({
    path,
    key: keyText(path),
    value: hide ? MASK : value,
    text: hide ? MASK : text,
    place,
    secret,
    doc: setting.doc,
    allowed: allowedText(setting),
  });
}
