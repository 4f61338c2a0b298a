import type { Lineage } from "./lineage.ts";
import { namesOf, tableName } from "./names.ts";
import type { Ctes, QueryReader } from "./query_reader.ts";
import { type Columns, Scope, type Source } from "./scope.ts";
import { type Branch, branch, expression, list, nameOf, type Tree } from "./tree.ts";

const NO_CTES: Ctes = new Map();

/** Reads INSERT, UPDATE, DELETE and MERGE, which may also stand in a WITH. */
export class ChangeReader {
  readonly #lineage: Lineage;
  readonly #dialect: string;
  readonly #queries: QueryReader;

  constructor(lineage: Lineage, dialect: string, queries: QueryReader) {
    this.#lineage = lineage;
    this.#dialect = dialect;
    this.#queries = queries;
  }

  #name(table: Tree): string {
    return tableName(table, this.#dialect);
  }

  /** Reads it, with the common table expressions around it, and gives the columns that it returns. */
  read(node: Tree, around: Ctes): Columns {
    const { type, data } = expression(node) ?? { type: "", data: undefined };
    const parts = branch(data);
    const ctes = this.#queries.withCtes(parts.with ?? parts.with_, around);
    const scope = new Scope();
    if (type === "insert") this.#insert(parts, ctes, scope);
    if (type === "update") this.#update(parts, ctes, scope);
    if (type === "delete") this.#delete(parts, ctes, scope);
    if (type === "merge") this.#merge(parts, ctes, scope);
    this.#queries.expression(parts.returning, { ctes, scope });
    const returned = list(parts.returning).map((each) => {
      const { data } = expression(each) ?? { data: undefined };
      return nameOf(branch(data).alias) || nameOf(branch(data).name);
    });
    return returned.includes("") ? undefined : new Set(returned.map((name) => name.toLowerCase()));
  }

  #insert(parts: Branch, ctes: Ctes, scope: Scope): void {
    const target = this.#name(parts.table);
    const columns = namesOf(parts.columns);
    this.#lineage.write(target, ...(columns.length > 0 ? columns : ["*"]));
    this.#queries.expression(parts.values, { ctes, scope: undefined });
    if (parts.query) this.#queries.query(parts.query, { ctes, scope: undefined });
    this.#target(parts.table, nameOf(parts.alias), { ctes, scope });
    const conflict = branch(branch(parts.on_conflict).on_conflict);
    const place = { ctes, scope };
    const actions = list(branch(branch(conflict.action).tuple).expressions);
    for (const each of [...actions, ...list(conflict.expressions)]) {
      const { left, right } = branch(branch(each).eq);
      const column = nameOf(left).split(".").at(-1) ?? "";
      if (column === "") continue;
      this.#lineage.write(target, column);
      // VALUES(a) is what would have been inserted.
      const call = branch(branch(right).function);
      if (nameOf(call.name).toLowerCase() !== "values") this.#queries.expression(right, place);
    }
    this.#queries.expression(conflict.where_ ?? conflict.where_clause, place);
  }

  #update(parts: Branch, ctes: Ctes, scope: Scope): void {
    const place = { ctes, scope };
    for (const each of list(branch(parts.from_clause).expressions)) this.#queries.sources.add(each, place);
    const target = this.#target(parts.table, nameOf(branch(parts.table).alias), place);
    for (const each of list(parts.extra_tables)) {
      this.#queries.sources.add(each, place);
    }
    this.#queries.sources.join(parts.table_joins, place);
    this.#queries.sources.join(parts.from_joins, place);
    if (target.table !== undefined) this.#lineage.write(target.table);
    for (const [left, right] of list(parts.set).map(list)) {
      const [first = "", second] = nameOf(left).split(".");
      const owner = second === undefined ? target : scope.named(first);
      if (owner?.table !== undefined) this.#lineage.write(owner.table, second ?? first);
      else if (target.table !== undefined) this.#lineage.write(target.table, first);
      this.#queries.expression(right, place);
    }
    for (const part of ["where_clause", "order_by", "limit", "output"]) {
      this.#queries.expression(parts[part], place);
    }
  }

  #delete(parts: Branch, ctes: Ctes, scope: Scope): void {
    const place = { ctes, scope };
    const main = this.#target(parts.table, nameOf(parts.alias), place);
    for (const each of list(parts.using)) this.#queries.sources.add({ table: each }, place);
    this.#queries.sources.join(parts.joins, place);
    const named = list(parts.tables).map((each) => scope.named(nameOf(each)) ?? { table: this.#name(each) });
    for (const { table } of named.length > 0 ? named : [main]) {
      if (table !== undefined) this.#lineage.write(table);
    }
    if (named.length > 0 && main.table !== undefined && !named.some(({ table }) => table === main.table)) {
      this.#lineage.read(main.table);
    }
    for (const part of ["where_clause", "order_by", "limit", "output"]) {
      this.#queries.expression(parts[part], place);
    }
  }

  #merge(parts: Branch, ctes: Ctes, scope: Scope): void {
    const place = { ctes, scope };
    const { type, data } = expression(parts.this) ?? { type: "", data: undefined };
    const table = type === "alias" ? branch(branch(data).this).table : data;
    const target = this.#target(table, nameOf(branch(data).alias), place);
    if (target.table !== undefined) this.#lineage.write(target.table);
    this.#queries.sources.add(parts.using, place);
    this.#queries.expression(parts.on, place);
    const sourceOnly = new Scope();
    sourceOnly.sources.push(...scope.sources.filter((source) => source !== target));
    for (const each of list(branch(branch(parts.whens).whens).expressions)) {
      const { condition, then } = branch(branch(each).when);
      this.#queries.expression(condition, place);
      const [verb, ...rest] = list(branch(branch(then).tuple).expressions);
      if (verb === undefined) continue;
      const inserts = String(branch(branch(verb).var).this).toUpperCase() === "INSERT";
      this.#mergeAction(rest, { target, ctes, scope: inserts ? sourceOnly : scope, inserts });
    }
  }

  #mergeAction(
    rest: readonly Tree[],
    { target, ctes, scope, inserts }: { target: Source; ctes: Ctes; scope: Scope; inserts: boolean },
  ): void {
    const table = target.table ?? "";
    const lists = rest.map((each) => list(branch(branch(each).tuple).expressions));
    const [first, second] = lists;
    const star = lists.every((each) => each.length === 0);
    if (inserts) {
      const named = second === undefined ? [] : namesOf(first);
      this.#lineage.write(table, ...(named.length > 0 ? named : ["*"]));
      this.#queries.expression(second ?? first, { ctes, scope });
    } else if (star) {
      this.#lineage.write(table, "*");
    } else {
      for (const { left, right } of (first ?? []).map((each) => branch(branch(each).eq))) {
        this.#lineage.write(table, nameOf(left).split(".").at(-1) ?? "");
        this.#queries.expression(right, { ctes, scope });
      }
    }
    // UPDATE * and INSERT * take every column of the source.
    if (star) {
      for (const { table: from } of scope.sources) {
        if (from !== undefined && from !== table) this.#lineage.read(from, "*");
      }
    }
  }

  /** A table that is written: it is read only where a column of it is named. */
  #target(table: Tree, alias: string, place: { ctes: Ctes; scope: Scope }): Source {
    const named = nameOf(table);
    const { schema } = branch(table);
    // UPDATE a SET … FROM t AS a: the name is an alias.
    const known = !schema && alias === "" ? place.scope.named(named) : undefined;
    if (known?.table !== undefined) return known;
    return this.#queries.sources.table(branch(table), { ctes: NO_CTES, scope: place.scope }, {
      alias,
      touch: false,
    });
  }
}
