import type { Lineage } from "./lineage.ts";
import { columnsOf, tableName, tableParts } from "./names.ts";
import type { Place, QueryReader } from "./query_reader.ts";
import { type Columns, Scope, type Source } from "./scope.ts";
import { type Branch, branch, expression, list, nameOf, type Tree } from "./tree.ts";

/** What FLATTEN gives. */
const FLATTENED: Columns = new Set(["seq", "key", "path", "index", "value", "this"]);

/** Adds what stands in FROM and joins to the scope of a query. */
export class SourceReader {
  readonly #lineage: Lineage;
  readonly #dialect: string;
  readonly #queries: QueryReader;

  constructor(lineage: Lineage, dialect: string, queries: QueryReader) {
    this.#lineage = lineage;
    this.#dialect = dialect;
    this.#queries = queries;
  }

  /** Adds what stands in FROM or a join to the innermost scope. */
  add(node: Tree, place: Place & { scope: Scope }, alias = "", aliases?: Columns): void {
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
        return this.add(parts.this, place, named, columns);
      case "subquery":
      case "select":
      case "union":
      case "intersect":
      case "except": {
        const outer = parts.lateral === true ? scope : scope.outer;
        derive(this.#queries.query(node, { ctes, scope: outer }));
        return;
      }
      case "paren":
        return this.add(parts.this, place, named, columns);
      case "lateral": {
        const inner = expression(parts.this);
        if (inner?.type === "subquery") derive(this.#queries.query(parts.this, place));
        else this.call(parts.this, place, named, columns);
        return;
      }
      case "joined_table": {
        this.add(parts.left, place);
        this.join(parts.joins, place);
        return;
      }
      case "pivot":
      case "unpivot": {
        const inner = new Scope(scope.outer);
        this.add(parts.this, { ctes, scope: inner });
        for (const [name, part] of Object.entries(parts)) {
          if (name !== "this") this.#queries.expression(part, { ctes, scope: inner });
        }
        derive(undefined, named || inner.sources[0]?.name);
        return;
      }
      case "tuple": {
        // json_to_recordset(…) AS x(a int): a function and its alias with types.
        const [call, as] = list(parts.expressions).map(expression);
        if (as?.type !== "table_alias") break;
        if (call) this.call({ [call.type]: call.data }, place, "", undefined);
        scope.sources.pop();
        const { this: name, columns: defined } = branch(as.data);
        const names = list(defined).map((each) => nameOf(branch(each).column_def));
        derive(new Set(names.map((each) => each.toLowerCase())), nameOf(name));
        return;
      }
    }
    this.call(node, place, named, columns);
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
        this.#queries.columns.read([outermost, second], scope);
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
  join(joins: Tree, place: Place & { scope: Scope }): void {
    for (const each of list(joins)) {
      const { this: joined, using, on, match_condition } = branch(each);
      const before = place.scope.sources.length;
      this.add(joined, place);
      for (const name of list(using).map(nameOf)) {
        // Both sides have it; which of several on the left, the text does not say.
        const left = before === 1 ? place.scope.sources.slice(0, 1) : [];
        for (const { table } of [...left, ...place.scope.sources.slice(before)]) {
          if (table !== undefined) this.#lineage.read(table, name);
        }
        place.scope.merged.add(name.toLowerCase());
      }
      this.#queries.expression(on, place);
      this.#queries.expression(match_condition, place);
    }
  }

  /** A function, VALUES or anything else that gives rows. */
  call(node: Tree, place: Place & { scope: Scope }, alias: string, columns: Columns): void {
    this.#queries.expression(node, place);
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
