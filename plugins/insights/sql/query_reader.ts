import type { Lineage } from "./lineage.ts";
import { columnsOf, tableName, tableParts } from "./names.ts";
import { type Columns, Scope, type Source } from "./scope.ts";
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
/** A qualifier may be a column that holds a structure. */
const STRUCTURES = new Set([
  ...["bigquery", "snowflake", "databricks", "spark", "hive", "duckdb", "clickhouse"],
  ...["trino", "presto", "athena", "generic"],
]);
/** Rows that statements have names for: those that were or will be. */
const PSEUDO_ROWS = new Set(["excluded", "new", "old", "inserted", "deleted", "values"]);
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
/** What FLATTEN gives. */
const FLATTENED: Columns = new Set(["seq", "key", "path", "index", "value", "this"]);

/** Reads queries and expressions: whatever they read goes to a lineage. */
export class QueryReader {
  readonly #lineage: Lineage;
  readonly #dialect: string;
  readonly #statement: ReadStatement;

  constructor(lineage: Lineage, dialect: string, statement: ReadStatement) {
    this.#lineage = lineage;
    this.#dialect = dialect;
    this.#statement = statement;
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
      this.source(node, { ctes, scope: inner });
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

  /** Adds what stands in FROM or a join to the innermost scope. */
  source(node: Tree, place: Place & { scope: Scope }, alias = "", aliases?: Columns): void {
    const { type, data } = expression(node) ?? { type: "", data: undefined };
    const parts = branch(data);
    const { scope, ctes } = place;
    const named = alias || nameOf(parts.alias);
    const columns = aliases ?? columnsOf(parts.column_aliases);
    const derive = (known: Columns, name = named) =>
      scope.sources.push({ name, aliased: true, columns: columns ?? known });
    switch (type) {
      case "table":
        this.table(parts, place, { alias: named, columns, touch: true });
        return;
      case "alias":
      case "table_alias":
        return this.source(parts.this, place, named, columns);
      case "subquery":
      case "select":
      case "union":
      case "intersect":
      case "except": {
        const outer = parts.lateral === true ? scope : scope.outer;
        derive(this.query(node, { ctes, scope: outer }));
        return;
      }
      case "paren":
        return this.source(parts.this, place, named, columns);
      case "lateral": {
        const inner = expression(parts.this);
        if (inner?.type === "subquery") derive(this.query(parts.this, place));
        else this.#function(parts.this, place, named, columns);
        return;
      }
      case "joined_table": {
        this.source(parts.left, place);
        this.joins(parts.joins, place);
        return;
      }
      case "pivot":
      case "unpivot": {
        const inner = new Scope(scope.outer);
        this.source(parts.this, { ctes, scope: inner });
        for (const [name, part] of Object.entries(parts)) {
          if (name !== "this") this.expression(part, { ctes, scope: inner });
        }
        derive(undefined, named || inner.sources[0]?.name);
        return;
      }
      case "tuple": {
        // json_to_recordset(…) AS x(a int): a function and its alias with types.
        const [call, as] = list(parts.expressions).map(expression);
        if (as?.type !== "table_alias") break;
        if (call) this.#function({ [call.type]: call.data }, place, "", undefined);
        scope.sources.pop();
        const { this: name, columns: defined } = branch(as.data);
        const names = list(defined).map((each) => nameOf(branch(each).column_def));
        derive(new Set(names.map((each) => each.toLowerCase())), nameOf(name));
        return;
      }
    }
    this.#function(node, place, named, columns);
  }

  /** Adds a table, or a common table expression of its name. `touch` says that it is read even if no column is. */
  table(
    table: Branch,
    { ctes, scope }: Place & { scope: Scope },
    { alias, columns, touch }: { alias?: string; columns?: Columns; touch: boolean },
  ): Source {
    const parts = tableParts(table, this.#dialect);
    const own = parts.at(-1) ?? "";
    const aliased = Boolean(alias);
    const name = alias || own;
    const cte = parts.length === 1 ? own.toLowerCase() : undefined;
    const source = ((): Source => {
      if (cte !== undefined && ctes.has(cte)) {
        return { name, aliased: true, columns: columns ?? ctes.get(cte) };
      }
      const [outermost, second] = parts;
      if (outermost !== undefined && second !== undefined && parts.length === 2 && scope.named(outermost)) {
        // FROM t, t.items: an array of a table that stands before it.
        this.column([outermost, second], scope);
        return { name, aliased: true, columns: undefined };
      }
      const full = tableName(table, this.#dialect);
      if (touch) this.#lineage.read(full);
      // Columns that are named anew can't be told from those the table has.
      return columns ? { name, aliased: true, columns } : { name, aliased, table: full };
    })();
    scope.sources.push(source);
    return source;
  }

  /** Adds joined sources, and reads the conditions of the joins. */
  joins(joins: Tree, place: Place & { scope: Scope }): void {
    for (const each of list(joins)) {
      const { this: joined, using, on, match_condition } = branch(each);
      const before = place.scope.sources.length;
      this.source(joined, place);
      for (const name of list(using).map(nameOf)) {
        // Both sides have it; which of several on the left, the text does not say.
        const left = before === 1 ? place.scope.sources.slice(0, 1) : [];
        for (const { table } of [...left, ...place.scope.sources.slice(before)]) {
          if (table !== undefined) this.#lineage.read(table, name);
        }
        place.scope.merged.add(name.toLowerCase());
      }
      this.expression(on, place);
      this.expression(match_condition, place);
    }
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
        return this.column(
          [nameOf(parts.table), nameOf(parts.name)].filter((part) => part !== ""),
          place.scope,
        );
      case "dot":
        return this.#dot(node, place);
      case "star":
        this.expression(parts.replace, place);
        return this.#readStar(nameOf(parts.table), place.scope);
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

  /** Reads a column by the parts of its name. */
  column(parts: readonly string[], scope: Scope | undefined): void {
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
    this.column([nameOf(table), nameOf(name), ...fields].filter((part) => part !== ""), place.scope);
  }

  #readStar(qualifier: string, scope: Scope | undefined): void {
    if (scope === undefined) return;
    const source = qualifier === ""
      ? undefined
      : scope.named(qualifier) ?? scope.qualified(qualifier.split("."));
    const sources = qualifier === "" ? nearest(scope).sources : source ? [source] : [];
    for (const { table } of sources) {
      if (table !== undefined) this.#lineage.read(table, "*");
    }
  }

  #select(parts: Branch, around: Ctes, outer: Scope | undefined): Columns {
    const ctes = this.withCtes(parts.with, around);
    const scope = new Scope(outer);
    const place = { ctes, scope };
    for (const each of list(branch(parts.from).expressions)) this.source(each, place);
    this.joins(parts.joins, place);
    for (const each of list(parts.lateral_views)) {
      const { this: call, table_alias, column_aliases } = branch(each);
      this.#function(call, place, nameOf(table_alias), columnsOf(column_aliases));
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

  /** A function, VALUES or anything else that gives rows. */
  #function(node: Tree, place: Place & { scope: Scope }, alias: string, columns: Columns): void {
    this.expression(node, place);
    const { type, data } = expression(node) ?? { type: "", data: undefined };
    const called = type === "function" ? nameOf(branch(data).name) || nameOf(data) : type;
    const inner = nameOf(branch(expression(list(branch(data).args)[0])?.data).name).toLowerCase();
    const lower = called.toLowerCase();
    let known = columns;
    if (lower === "flatten" || (lower === "table" && inner === "flatten")) known ??= FLATTENED;
    const scalar = lower === "unnest" || lower === "generate_series";
    if (scalar && this.#dialect === "postgresql") known ??= new Set([(alias || called).toLowerCase()]);
    place.scope.sources.push({ name: alias || called, aliased: true, columns: known });
  }
}

/** The scope of a query itself, inside the layer of its aliases. */
function nearest(scope: Scope): Scope {
  const [only] = scope.sources;
  return only?.name === "" && scope.sources.length === 1 && scope.outer ? scope.outer : scope;
}
