import { IGNORED_KEYS } from "./host.ts";
import { type KeyPath, keyText } from "./key.ts";
import { nearest } from "./nearest.ts";
import type { Place, Problem } from "./problem.ts";
import { leavesOf } from "./root.ts";
import type { Setting, SettingsSchema } from "./schema.ts";
import type { TomlTable } from "./toml.ts";

/** The keys a file may have, as a tree: tables, single settings, tables of tables, and what is read past. */
type Known =
  | { readonly kind: "leaf" }
  | { readonly kind: "ignored" }
  | { readonly kind: "table"; readonly entries: Map<string, Known> }
  | { readonly kind: "named"; readonly each: KnownTable };

type KnownTable = Extract<Known, { kind: "table" }>;

/** What a file has that is no setting. */
export interface UnknownKeys {
  /** One for each key or table that nobody knows. */
  readonly problems: readonly Problem[];
  /** Keys of tapes that mean nothing here. */
  readonly ignored: readonly string[];
}

/**
 * Goes through a file for keys that are no settings, aliases or keys to be ignored. Of plugins that are `unloaded`
 * nothing is known, and everything is taken.
 */
export function findUnknownKeys(
  schema: SettingsSchema,
  file: TomlTable,
  fileName: string,
  unloaded: readonly string[] = [],
): UnknownKeys {
  const known = knownTable(schema);
  for (const name of unloaded) put(known, ["plugins", name], { kind: "leaf" });
  const all = withTables(knownKeys(schema));
  const problems: Problem[] = [];
  const ignored: string[] = [];

  const visit = (table: TomlTable, under: KnownTable, path: KeyPath) => {
    for (const [name, node] of table.entries) {
      const here = [...path, name];
      const expected = under.entries.get(name);
      if (expected === undefined) {
        const place: Place = { kind: "file", file: fileName, ...node.at };
        problems.push(unknownKey(here, place, [...under.entries.keys()], all));
      } else if (expected.kind === "ignored") {
        ignored.push(keyText(here));
      } else if (expected.kind === "table" && node.kind === "table") {
        visit(node, expected, here);
      } else if (expected.kind === "named" && node.kind === "table") {
        for (const [each, inner] of node.entries) {
          if (inner.kind === "table") visit(inner, expected.each, [...here, each]);
        }
      }
    }
  };
  visit(file, known, []);
  return { problems, ignored };
}

/** The problem of a key nobody knows, with the known one most like it: a sibling, else one of all keys. */
export function unknownKey(
  path: KeyPath,
  place: Place,
  siblings: readonly string[],
  all: readonly string[],
): Problem {
  const stranger = unknownPlugin(path, place, all);
  if (stranger !== undefined) return stranger;
  const name = path.at(-1) ?? "";
  const key = keyText(path);
  const sibling = nearest(name, siblings);
  const near = sibling === undefined
    ? nearest(key, all) ?? all.find((other) => other.endsWith(`.${name}`))
    : keyText([...path.slice(0, -1), sibling]);
  return {
    place,
    key,
    wrong: "is not a setting",
    allowed: "remove or correct it",
    ...(near === undefined ? {} : { nearest: near }),
  };
}

/** The problem of a key in the table of a plugin nobody knows. */
function unknownPlugin([table, plugin]: KeyPath, place: Place, all: readonly string[]): Problem | undefined {
  if (table !== "plugins" || plugin === undefined) return undefined;
  const names = new Set(all.flatMap((key) => key.startsWith("plugins.") ? [key.split(".")[1] ?? ""] : []));
  if (names.has(plugin)) return undefined;
  const near = nearest(plugin, names);
  const module = /^[a-z][a-z0-9_]*$/.test(plugin) ? plugin : "x";
  return {
    place,
    key: keyText(["plugins", plugin]),
    wrong: `is no plugin: there are ${[...names].sort().join(", ")}`,
    allowed: `correct the name, or say in its table where yours is: module = "./${module}.ts"`,
    ...(near === undefined ? {} : { nearest: keyText(["plugins", near]) }),
  };
}

/** Every key that can be set, aliases behind. A table's name of the user's choice stands as `NAME`. */
export function knownKeys(schema: SettingsSchema): string[] {
  const leaves = leavesOf(schema);
  const own = leaves.map(({ path }) => keyText(path));
  return [...own, ...leaves.flatMap(({ setting }) => setting.alias === undefined ? [] : [setting.alias])];
}

/** Keys and the tables they are in, so that `[tapes]` leads to `plugins.tapes`. */
function withTables(keys: readonly string[]): string[] {
  const tables = keys.flatMap((key) => {
    const names = key.split(".");
    return names.slice(1).map((_, index) => names.slice(0, index + 1).join("."));
  });
  return [...keys, ...new Set(tables)];
}

function knownTable(schema: SettingsSchema): KnownTable {
  const root = tableOf(schema);
  for (const { setting } of leavesOf(schema)) {
    if (setting.alias !== undefined) put(root, setting.alias.split("."), { kind: "leaf" });
  }
  for (const key of IGNORED_KEYS) put(root, key.split("."), { kind: "ignored" });
  return root;
}

function tableOf(schema: SettingsSchema): KnownTable {
  const entries = new Map<string, Known>();
  for (const [name, setting] of Object.entries(schema)) {
    entries.set(name, knownOf(setting));
    if (setting.type === "string" && setting.secret === true) entries.set(`${name}_file`, { kind: "leaf" });
  }
  return { kind: "table", entries };
}

function knownOf(setting: Setting): Known {
  if (setting.type === "table") return tableOf(setting.fields);
  // Whatever is in a table of texts is one of them.
  if (setting.type === "texts") return { kind: "leaf" };
  return setting.type === "tables" ? { kind: "named", each: tableOf(setting.fields) } : { kind: "leaf" };
}

function put(root: KnownTable, path: KeyPath, known: Known): void {
  let table = root;
  for (const name of path.slice(0, -1)) {
    const next = table.entries.get(name);
    if (next?.kind === "table") table = next;
    else if (next === undefined) {
      const made: KnownTable = { kind: "table", entries: new Map() };
      table.entries.set(name, made);
      table = made;
    } else return;
  }
  const last = path.at(-1) ?? "";
  if (!table.entries.has(last)) table.entries.set(last, known);
}
