import { branch, list, nameOf, type Tree } from "./tree.ts";

/** The parts of a table's name as written, from the outermost. */
export function tableParts(table: Tree, dialect: string): string[] {
  const { catalog, schema, name } = branch(table);
  const parts: string[] = [];
  for (const part of [catalog, schema, name]) {
    const text = nameOf(part);
    if (text === "") continue;
    const quoted = branch(part).quoted === true;
    // `project.dataset.table` is one name in quotes to the parser, three to BigQuery.
    if (!quoted || dialect === "bigquery") parts.push(...text.split("."));
    else parts.push(/[."]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  }
  return parts;
}

/** A table's name as reports have it. */
export function tableName(table: Tree, dialect: string): string {
  return tableParts(table, dialect).join(".");
}

/** The names in a list of identifiers or columns, those that are empty left out. */
export function namesOf(identifiers: Tree): string[] {
  return list(identifiers).map(nameOf).filter((name) => name !== "");
}

/** Names as a set to look up columns in; `undefined` for an empty list. */
export function columnsOf(identifiers: Tree): ReadonlySet<string> | undefined {
  const names = namesOf(identifiers);
  return names.length === 0 ? undefined : new Set(names.map((name) => name.toLowerCase()));
}
