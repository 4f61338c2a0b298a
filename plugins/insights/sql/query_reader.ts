import { ColumnReader } from "./column_reader.ts";
import type { Lineage } from "./lineage.ts";
import { columnsOf } from "./names.ts";
import { type Columns, Scope } from "./scope.ts";
import { SourceReader } from "./source_reader.ts";
import { type Branch, branch, expression, isBranch, list, nameOf, type Tree } from "./tree.ts";

/** Common table expressions by their names in lower case, with their columns. */
export type Ctes = ReadonlyMap<string, Columns>;

/** Where an expression stands. */
export interface Place {
  readonly ctes: Ctes;
  /** `undefined` outside of any query. */
  readonly scope: Scope | undefined;
}

/** Reads a statement that stands inside a query: `WITH x AS (DELETE …)`. Gives the columns it returns. */
export type ReadStatement = (statement: Tree, ctes: Ctes) => Columns;

/** Aliases of the select list may be used further on in it. */
const LATERAL_ALIASES = new Set(["snowflake", "redshift", "databricks", "spark", "duckdb", "teradata"]);
/** `WITH` needs no RECURSIVE. */
const IMPLIED_RECURSION = new Set(["snowflake", "tsql", "fabric", "oracle", "teradata", "generic"]);
/** Parts of a query that see the aliases of its select list. */
const SEE_ALIASES = new Set([
  "order_by",
  "group_by",
  "having",
  "qualify",
  "sort_by",
  "cluster_by",
  "distribute_by",
]);
/** Parts of a query that are read apart, or have no columns in them. */
const READ_APART = new Set([
  "with",
  "from",
  "joins",
  "lateral_views",
  "expressions",
  "into",
  "locks",
  "hint",
]);
const SET_OPERATIONS = new Set(["union", "intersect", "except"]);

/** Reads queries and expressions: whatever they read goes to a lineage. */
export class QueryReader {
  readonly #lineage: Lineage;
  readonly #dialect: string;
  readonly #statement: ReadStatement;
  /** Tells whose each column is. */
  readonly columns: ColumnReader;
  /** Adds what stands in FROM and joins. */
  readonly sources: SourceReader;

  constructor(lineage: Lineage, dialect: string, statement: ReadStatement) {
    this.#lineage = lineage;
    this.#dialect = dialect;
    this.#statement = statement;
    this.columns = new ColumnReader(lineage, dialect);
    this.sources = new SourceReader(lineage, dialect, this);
  }

  /** Reads a query, and gives its columns. */
  query(node: Tree, { ctes, scope }: Place): Columns {
    const { type, data } = expression(node) ?? { type: "", data: undefined };
    const parts = branch(data);
    if (type === "select") return this.#select(parts, ctes, scope);
    if (SET_OPERATIONS.has(type)) {
      const inner = this.withCtes(parts.with, ctes);
      const columns = this.query(parts.left, { ctes: inner, scope });
      this.query(parts.right, { ctes: inner, scope });
      return columns;
    }
    if (type === "subquery" || type === "paren") {
      return this.query(parts.this, { ctes: this.withCtes(parts.with, ctes), scope });
    }
    if (type === "table") {
      const inner = new Scope(scope);
      this.sources.add(node, { ctes, scope: inner });
      return this.#star(inner);
    }
    if (type === "insert" || type === "update" || type === "delete" || type === "merge") {
      return this.#statement(node, ctes);
    }
    this.expression(node, { ctes, scope });
    return undefined;
  }

  /** The common table expressions of a WITH on top of those there are. */
  withCtes(node: Tree, ctes: Ctes): Ctes {
    const clause = branch(node);
    let known = ctes;
    for (const each of list(clause.ctes)) {
      const cte = branch(each);
      const name = nameOf(cte.alias).toLowerCase();
      const declared = columnsOf(cte.columns);
      const body = expression(cte.this);
      const union = body !== undefined && SET_OPERATIONS.has(body.type) ? branch(body.data) : undefined;
      let columns: Columns;
      if (union && (clause.recursive === true || IMPLIED_RECURSION.has(this.#dialect))) {
        // The first half says which columns there are when the second reads them.
        const inside = this.withCtes(union.with, known);
        columns = this.query(union.left, { ctes: new Map(inside).set(name, declared), scope: undefined });
        this.query(union.right, {
          ctes: new Map(inside).set(name, declared ?? columns),
          scope: undefined,
        });
      } else {
        const own = clause.recursive === true ? new Map(known).set(name, declared) : known;
        columns = this.query(cte.this, { ctes: own, scope: undefined });
      }
      known = new Map(known).set(name, declared ?? columns);
    }
    return known;
  }

  /** Reads an expression, and whatever is in it. */
  expression(node: Tree, place: Place): void {
    if (Array.isArray(node)) {
      for (const each of node) this.expression(each, place);
      return;
    }
    if (!isBranch(node)) return;
    const { type, data } = expression(node) ?? { type: "", data: undefined };
    const parts = branch(data);
    switch (type) {
      case "column":
        if (!isBranch(data) || parts.name === undefined) break;
        return this.columns.read(
          [nameOf(parts.table), nameOf(parts.name)].filter((part) => part !== ""),
          place.scope,
        );
      case "dot":
        return this.#dot(node, place);
      case "star":
        this.expression(parts.replace, place);
        return this.columns.readAll(nameOf(parts.table), place.scope);
      case "select":
      case "union":
      case "intersect":
      case "except":
      case "subquery":
        this.query(node, place);
        return;
      case "lambda": {
        const scope = new Scope(place.scope);
        scope.sources.push({ name: "", aliased: true, columns: columnsOf(parts.parameters) ?? new Set() });
        return this.expression(parts.body, { ...place, scope });
      }
      case "named_argument":
        return this.expression(parts.value, place);
      case "table":
      case "identifier":
      case "literal":
      case "parameter":
      case "var":
        return;
    }
    for (const name in node) this.expression(node[name], place);
  }

  #dot(node: Tree, place: Place): void {
    const fields: string[] = [];
    let at = expression(node);
    while (at?.type === "dot") {
      fields.unshift(nameOf(branch(at.data).field));
      at = expression(branch(at.data).this);
    }
    if (at?.type === "paren" && expression(branch(at.data).this)?.type === "column") {
      at = expression(branch(at.data).this);
    }
    if (at === undefined) return;
    if (at.type !== "column") return this.expression({ [at.type]: at.data }, place);
    const { table, name } = branch(at.data);
    this.columns.read([nameOf(table), nameOf(name), ...fields].filter((part) => part !== ""), place.scope);
  }

  #select(parts: Branch, around: Ctes, outer: Scope | undefined): Columns {
    const ctes = this.withCtes(parts.with, around);
    const scope = new Scope(outer);
    const place = { ctes, scope };
    for (const each of list(branch(parts.from).expressions)) this.sources.add(each, place);
    this.sources.join(parts.joins, place);
    for (const each of list(parts.lateral_views)) {
      const { this: call, table_alias, column_aliases } = branch(each);
      this.sources.call(call, place, nameOf(table_alias), columnsOf(column_aliases));
    }
    const aliases = new Set<string>();
    const layer = new Scope(scope);
    layer.sources.push({ name: "", aliased: true, columns: aliases });
    const listed = LATERAL_ALIASES.has(this.#dialect) ? layer : scope;
    for (const each of list(parts.expressions)) {
      this.expression(each, { ctes, scope: listed });
      const { type, data } = expression(each) ?? { type: "", data: undefined };
      if (type === "alias") aliases.add(nameOf(branch(data).alias).toLowerCase());
    }
    for (const name in parts) {
      if (READ_APART.has(name)) continue;
      this.expression(parts[name], { ctes, scope: SEE_ALIASES.has(name) ? layer : scope });
    }
    return this.#columns(list(parts.expressions), scope);
  }

  /** The columns of a select list. */
  #columns(expressions: readonly Tree[], scope: Scope): Columns {
    const columns = new Set<string>();
    for (const each of expressions) {
      const { type, data } = expression(each) ?? { type: "", data: undefined };
      const { alias, name, field } = branch(data);
      if (type === "star") {
        const all = this.#star(scope);
        if (all === undefined) return undefined;
        for (const column of all) columns.add(column);
      } else {
        const named = type === "alias"
          ? alias
          : type === "column"
          ? name
          : type === "dot"
          ? field
          : undefined;
        if (named !== undefined) columns.add(nameOf(named).toLowerCase());
      }
    }
    return columns;
  }

  #star(scope: Scope): Columns {
    const columns = new Set<string>();
    for (const source of scope.sources) {
      if (source.table !== undefined || source.columns === undefined) return undefined;
      for (const column of source.columns) columns.add(column);
    }
    return columns;
  }
}
