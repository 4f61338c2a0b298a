import type { Lineage } from "./lineage.ts";
import type { Scope } from "./scope.ts";

/** A qualifier may be a column that holds a structure. */
const STRUCTURES = new Set([
  ...["bigquery", "snowflake", "databricks", "spark", "hive", "duckdb", "clickhouse"],
  ...["trino", "presto", "athena", "generic"],
]);
/** Rows that statements have names for: those that were or will be. */
const PSEUDO_ROWS = new Set(["excluded", "new", "old", "inserted", "deleted", "values"]);

/** Tells whose the columns of expressions are, and notes them in a lineage. */
export class ColumnReader {
  readonly #lineage: Lineage;
  readonly #dialect: string;

  constructor(lineage: Lineage, dialect: string) {
    this.#lineage = lineage;
    this.#dialect = dialect;
  }

  /** Reads a column by the parts of its name, from the outermost. */
  read(parts: readonly string[], scope: Scope | undefined): void {
    const [first, second] = parts;
    // Variables look like columns to the parser.
    if (first === undefined || first.startsWith("@")) return;
    if (second === undefined) return this.#unqualified(first, scope);
    const source = scope?.named(first);
    if (source) {
      if (source.table !== undefined) this.#lineage.read(source.table, second);
      return;
    }
    for (let length = parts.length - 1; length > 0; length--) {
      const found = scope?.qualified(parts.slice(0, length));
      if (found?.table !== undefined) return this.#lineage.read(found.table, parts[length]!);
    }
    if (PSEUDO_ROWS.has(first.toLowerCase())) return;
    if (STRUCTURES.has(this.#dialect)) this.#unqualified(first, scope);
    else this.#lineage.miss(parts.join("."));
  }

  #unqualified(name: string, scope: Scope | undefined): void {
    const owner = scope?.owner(name);
    if (owner === "derived") return;
    if (owner === undefined) return this.#lineage.miss(name);
    if (owner.table === undefined) return;
    // A table's alias in place of a column is the whole row.
    const whole = owner.aliased && owner.name.toLowerCase() === name.toLowerCase();
    this.#lineage.read(owner.table, whole ? "*" : name);
  }

  /** Reads all columns of the source of that name; with none, of every source of the query. */
  readAll(qualifier: string, scope: Scope | undefined): void {
    if (scope === undefined) return;
    const source = qualifier === ""
      ? undefined
      : scope.named(qualifier) ?? scope.qualified(qualifier.split("."));
    const sources = qualifier === "" ? nearest(scope).sources : source ? [source] : [];
    for (const { table } of sources) {
      if (table !== undefined) this.#lineage.read(table, "*");
    }
  }
}

/** The scope of a query itself, inside the layer of its aliases. */
function nearest(scope: Scope): Scope {
  const [only] = scope.sources;
  return only?.name === "" && scope.sources.length === 1 && scope.outer ? scope.outer : scope;
}
