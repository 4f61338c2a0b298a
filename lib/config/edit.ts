import type { AST } from "toml-eslint-parser";
import { keyNames, type KeyPath, keyText } from "./key.ts";
import { ConfigError } from "./problem.ts";
import { parseSyntax, readToml, type TomlNode } from "./toml.ts";

/** A table as it is written in a file: the top, a header's lines, or `{ … }`. */
type Container = AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLInlineTable;

/** A line `key = value`, with its full key. */
interface Assignment {
  readonly path: KeyPath;
  readonly node: AST.TOMLKeyValue;
  readonly containerPath: KeyPath;
  readonly container: Container;
}

/** What to put into a file. */
export interface Edit {
  /** The full key. */
  readonly path: KeyPath;
  /** The value as TOML writes it. */
  readonly literal: string;
}

/**
 * Sets one key of a TOML file and leaves every other character alone, comments and order included. A missing table is
 * added at the end.
 * @throws {ConfigError} the text is not TOML, or has something else under that key.
 */
export function editToml(text: string, { path, literal }: Edit, file: string): string {
  const edited = apply(text, { path, literal }, file);
  checkAlone(text, edited, path, file);
  return edited;
}

function apply(text: string, { path, literal }: Edit, file: string): string {
  const [top] = parseSyntax(text, file).body;
  const all = assignments(top);
  const same = all.find((each) => samePath(each.path, path));
  if (same !== undefined) return splice(text, same.node.value.range, literal);

  const parent = path.slice(0, -1);
  const last = keyText(path.slice(-1));
  const header = top.body.findLast((node) => node.type === "TOMLTable" && samePath(node.resolvedKey, parent));
  if (header?.type === "TOMLTable") return insertInto(text, header, `${last} = ${literal}`);

  const inline = longest(inlineTables(all), ({ path: at }) => isPrefix(at, parent) ? at.length : 0);
  if (inline !== undefined) {
    return insertInline(text, inline.table, `${keyText(path.slice(inline.path.length))} = ${literal}`);
  }
  // `a.b = 1` makes a table `a` that no header may open again: the new key goes beside it, written alike.
  const dotted = longest(
    all,
    (each) => each.container.type === "TOMLInlineTable" ? 0 : sharedTables(each, parent),
  );
  if (dotted !== undefined) {
    const key = keyText(path.slice(dotted.containerPath.length));
    return insertBehind(text, dotted.node, `${key} = ${literal}`);
  }
  if (parent.length === 0) return insertAtTop(text, top, `${last} = ${literal}`);
  const eol = endOfLine(text);
  const before = text === "" ? "" : `${text}${text.endsWith("\n") ? "" : eol}${eol}`;
  return `${before}[${keyText(parent)}]${eol}${last} = ${literal}${eol}`;
}

function assignments(top: AST.TOMLTopLevelTable): Assignment[] {
  const found: Assignment[] = [];
  const add = (node: AST.TOMLKeyValue, containerPath: KeyPath, container: Container) => {
    const path = [...containerPath, ...keyNames(node.key)];
    found.push({ path, node, containerPath, container });
    if (node.value.type === "TOMLInlineTable") {
      for (const inner of node.value.body) add(inner, path, node.value);
    }
  };
  for (const node of top.body) {
    if (node.type === "TOMLKeyValue") add(node, [], top);
    else if (node.resolvedKey.every((name) => typeof name === "string")) {
      for (const inner of node.body) add(inner, node.resolvedKey, node);
    }
  }
  return found;
}

function inlineTables(all: readonly Assignment[]): { path: KeyPath; table: AST.TOMLInlineTable }[] {
  return all.flatMap(({ path, node }) =>
    node.value.type === "TOMLInlineTable" ? [{ path, table: node.value }] : []
  );
}

/** How many names of `parent` are tables that this assignment's dotted key makes; 0 for none. */
function sharedTables({ path, containerPath }: Assignment, parent: KeyPath): number {
  let shared = 0;
  while (shared < path.length - 1 && shared < parent.length && path[shared] === parent[shared]) shared++;
  return shared > containerPath.length ? shared : 0;
}

/** The item with the highest score above 0; of equals the last. */
function longest<T>(items: readonly T[], score: (item: T) => number): T | undefined {
  let best: T | undefined;
  let most = 1;
  for (const item of items) {
    const points = score(item);
    if (points >= most) [best, most] = [item, points];
  }
  return best;
}

function insertInto(text: string, table: AST.TOMLTable, line: string): string {
  const lastOne = table.body.at(-1);
  if (lastOne !== undefined) return insertBehind(text, lastOne, line);
  return insertLine(text, table.key.range[1], line);
}

function insertAtTop(text: string, top: AST.TOMLTopLevelTable, line: string): string {
  const lastOne = top.body.findLast((node) => node.type === "TOMLKeyValue");
  if (lastOne?.type === "TOMLKeyValue") return insertBehind(text, lastOne, line);
  const eol = endOfLine(text);
  return `${line}${eol}${text === "" ? "" : eol}${text}`;
}

function insertBehind(text: string, node: AST.TOMLKeyValue, line: string): string {
  const lineStart = text.lastIndexOf("\n", node.range[0] - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart, node.range[0]))?.[0] ?? "";
  return insertLine(text, node.range[1], `${indent}${line}`);
}

/** A new line behind the one in which `offset` lies. */
function insertLine(text: string, offset: number, line: string): string {
  const end = text.indexOf("\n", offset);
  const eol = endOfLine(text);
  if (end < 0) return `${text}${eol}${line}${eol}`;
  return splice(text, [end + 1, end + 1], `${line}${eol}`);
}

function insertInline(text: string, table: AST.TOMLInlineTable, assignment: string): string {
  const lastOne = table.body.at(-1);
  if (lastOne === undefined) return splice(text, table.range, `{ ${assignment} }`);
  return splice(text, [lastOne.range[1], lastOne.range[1]], `, ${assignment}`);
}

function splice(text: string, [start, end]: readonly [number, number], by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

function endOfLine(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function samePath(a: readonly (string | number)[], b: KeyPath): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function isPrefix(prefix: KeyPath, path: KeyPath): boolean {
  return prefix.length <= path.length && prefix.every((name, index) => name === path[index]);
}

/** A net under the edit: the file still is TOML and says the same, but for that one key. */
function checkAlone(before: string, after: string, path: KeyPath, file: string): void {
  const refused = `Cannot set ${keyText(path)} in ${file}`;
  let has: Map<string, string>;
  try {
    has = flat(after, file);
  } catch (cause) {
    const what = "the file has something else under that name; edit it by hand";
    throw new ConfigError(`${refused}: ${what}`, [], { cause });
  }
  const had = flat(before, file);
  const key = keyText(path);
  had.delete(key);
  if (
    !has.delete(key) || had.size !== has.size || [...had].some(([name, value]) => has.get(name) !== value)
  ) {
    throw new ConfigError(`${refused}: it would change other keys; edit it by hand`);
  }
}

function flat(text: string, file: string): Map<string, string> {
  const values = new Map<string, string>();
  const visit = (node: TomlNode, path: KeyPath) => {
    if (node.kind === "value") values.set(keyText(path), `${typeof node.value} ${String(node.value)}`);
    else if (node.kind === "table") {
      for (const [name, inner] of node.entries) {
        visit(inner, [...path, name]);
      }
    } else values.set(keyText(path), JSON.stringify(node.items, plain));
  };
  visit(readToml(text, file), []);
  return values;
}

function plain(name: string, value: unknown): unknown {
  if (name === "at") return undefined;
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Map ? [...value] : value;
}
