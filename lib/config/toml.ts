import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { keyNames } from "./key.ts";
import { ConfigError, configError } from "./problem.ts";

/** Where a key stands in a file; both count from 1. */
export interface Position {
  /** The line. */
  readonly line: number;
  /** The column, in UTF-16 units as editors count. */
  readonly column: number;
}

/** A single value. Whole numbers are `bigint`, others `number`, so that 1 and 1.0 stay apart. */
export interface TomlValue {
  /** Marks the kind. */
  readonly kind: "value";
  /** Where its key stands. */
  readonly at: Position;
  /** As TOML means it; dates and times are dates. */
  readonly value: string | number | bigint | boolean | Date;
}

/** An array; its items carry the array's own position or their table's. */
export interface TomlArray {
  /** Marks the kind. */
  readonly kind: "array";
  /** Where its key stands. */
  readonly at: Position;
  /** In their order. */
  readonly items: TomlNode[];
}

/** A table, however it was written: header, inline, dotted keys. `at` is the first place that names it. */
export interface TomlTable {
  /** Marks the kind. */
  readonly kind: "table";
  /** Where it is first named. */
  readonly at: Position;
  /** By name, in the order of the file. */
  readonly entries: Map<string, TomlNode>;
}

/** What a key of a TOML file holds. */
export type TomlNode = TomlValue | TomlArray | TomlTable;

/**
 * Parses TOML 1.0.
 * @throws {ConfigError} the text is not TOML; `file`, line and column say where.
 */
export function parseSyntax(text: string, file: string): AST.TOMLProgram {
  try {
    return parseTOML(text, { tomlVersion: "1.0" });
  } catch (cause) {
    if (!(cause instanceof ParseError)) {
      throw new ConfigError(`Cannot read ${file}: its TOML could not be parsed`, [], { cause });
    }
    const place = { kind: "file", file, line: cause.lineNumber, column: cause.column + 1 } as const;
    const wrong = `this is not TOML: ${cause.message}`;
    throw configError([{ place, key: "", wrong, allowed: "correct the syntax here or just before" }], {
      cause,
    });
  }
}

/**
 * Reads a TOML file's text as a tree with the position of every key.
 * @throws {ConfigError} the text is not TOML.
 */
export function readToml(text: string, file: string): TomlTable {
  const root: TomlTable = { kind: "table", at: { line: 1, column: 1 }, entries: new Map() };
  const [top] = parseSyntax(text, file).body;
  for (const node of top.body) {
    if (node.type === "TOMLKeyValue") addKeyValue(root, node);
    else {
      const table = openTable(root, node);
      for (const keyValue of node.body) addKeyValue(table, keyValue);
    }
  }
  return root;
}

function openTable(root: TomlTable, node: AST.TOMLTable): TomlTable {
  let table = root;
  for (const [index, name] of node.resolvedKey.entries()) {
    const at = position(node.key);
    if (typeof name === "number") continue; // the element of an array of tables is reached with its name
    const known = table.entries.get(name);
    const element = node.resolvedKey[index + 1];
    if (typeof element === "number") {
      const array: TomlArray = known?.kind === "array" ? known : { kind: "array", at, items: [] };
      if (known === undefined) table.entries.set(name, array);
      const item = array.items[element];
      const next: TomlTable = item?.kind === "table" ? item : { kind: "table", at, entries: new Map() };
      if (item === undefined) array.items.push(next);
      table = next;
    } else if (known?.kind === "table") {
      table = known;
    } else {
      const next: TomlTable = { kind: "table", at, entries: new Map() };
      table.entries.set(name, next);
      table = next;
    }
  }
  return table;
}

function addKeyValue(into: TomlTable, node: AST.TOMLKeyValue): void {
  const names = keyNames(node.key);
  const at = position(node.key);
  let table = into;
  for (const name of names.slice(0, -1)) {
    const known = table.entries.get(name);
    const next: TomlTable = known?.kind === "table" ? known : { kind: "table", at, entries: new Map() };
    table.entries.set(name, next);
    table = next;
  }
  table.entries.set(names.at(-1) ?? "", content(node.value, at));
}

function content(node: AST.TOMLContentNode, at: Position): TomlNode {
  if (node.type === "TOMLArray") {
    return { kind: "array", at, items: node.elements.map((element) => content(element, at)) };
  }
  if (node.type === "TOMLInlineTable") {
    const table: TomlTable = { kind: "table", at, entries: new Map() };
    for (const keyValue of node.body) addKeyValue(table, keyValue);
    return table;
  }
  return { kind: "value", at, value: node.kind === "integer" ? node.bigint : node.value };
}

function position(node: AST.TOMLKey): Position {
  return { line: node.loc.start.line, column: node.loc.start.column + 1 };
}

/** The node at a path, if the file has it. */
export function nodeAt(root: TomlTable, path: readonly string[]): TomlNode | undefined {
  let node: TomlNode | undefined = root;
  for (const name of path) node = node?.kind === "table" ? node.entries.get(name) : undefined;
  return node;
}
