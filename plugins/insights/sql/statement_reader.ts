import type { Lineage } from "./lineage.ts";
import { namesOf, tableName } from "./names.ts";
import { type Ctes, QueryReader } from "./query_reader.ts";
import { type Columns, Scope, type Source } from "./scope.ts";
import type { SqlKind } from "./statement.ts";
import { type Branch, branch, expression, list, nameOf, type Tree } from "./tree.ts";

/** Statements that are known by the type of their tree alone, and touch no table's data. */
const PLAIN_KINDS: Readonly<Record<string, SqlKind>> = {
  transaction: "transaction",
  commit: "transaction",
  rollback: "transaction",
  set_statement: "set",
  use: "set",
  declare: "set",
  show: "show",
  pragma: "show",
  grant: "grant",
  revoke: "grant",
  execute: "call",
  create_schema: "create_other",
  create_database: "create_other",
  create_function: "create_other",
  create_procedure: "create_other",
  create_sequence: "create_other",
  create_trigger: "create_other",
  create_type: "create_other",
  drop_schema: "drop",
  drop_database: "drop",
  drop_index: "drop",
  drop_function: "drop",
  drop_procedure: "drop",
  drop_sequence: "drop",
  drop_trigger: "drop",
  drop_type: "drop",
  put: "copy",
};

const NO_CTES: Ctes = new Map();

/** Reads the tree of a statement into a lineage. */
export class StatementReader {
  readonly #lineage: Lineage;
  readonly #dialect: string;
  readonly #queries: QueryReader;

  constructor(lineage: Lineage, dialect: string) {
    this.#lineage = lineage;
    this.#dialect = dialect;
    this.#queries = new QueryReader(lineage, dialect, (node, ctes) => this.#changing(node, ctes));
  }

  /** Reads it, and says what kind it is; `undefined` where its tree does not tell. */
  read(node: Tree): SqlKind | undefined {
    const { type, data } = expression(node) ?? { type: "", data: undefined };
    const parts = branch(data);
    switch (type) {
      case "select":
        return this.#select(node, branch(branch(parts.into).this));
      case "union":
      case "intersect":
      case "except":
      case "subquery":
      case "values":
        this.#query(node);
        return "select";
      case "insert":
        this.#changing(node, NO_CTES);
        return parts.query === undefined || parts.query === null ? "insert" : "insert_select";
      case "update":
      case "delete":
      case "merge":
        this.#changing(node, NO_CTES);
        return type;
      case "multitable_inserts":
        return this.#insertAll(parts);
      case "create_table":
        return this.#createTable(parts);
      case "create_view": {
        const columns = this.#query(parts.query);
        const named = namesOf(parts.columns);
        this.#lineage.write(this.#name(parts.name), ...(named.length > 0 ? named : written(columns)));
        return "create_view";
      }
      case "create_index": {
        const scope = new Scope();
        this.#queries.table(branch(parts.table), { ctes: NO_CTES, scope }, { touch: true });
        for (const { column } of list(parts.columns).map(branch)) {
          const name = nameOf(column);
          if (name !== "") this.#queries.column([name], scope);
        }
        return "create_index";
      }
      case "alter_table":
      case "alter_view":
        this.#lineage.write(this.#name(parts.name), ...altered(parts.actions));
        return "alter";
      case "drop_table":
        for (const name of list(parts.names)) this.#lineage.write(this.#name(name));
        return "drop";
      case "drop_view":
        this.#lineage.write(this.#name(parts.name));
        return "drop";
      case "truncate":
        this.#lineage.write(this.#name(parts.table));
        for (const each of list(parts.extra_tables)) this.#lineage.write(this.#name(branch(each).table));
        return "truncate";
      case "copy":
        return this.#copy(parts);
      case "export":
        this.#query(parts.this);
        return "copy";
      case "describe":
        this.#query(parts.target);
        return expression(parts.target)?.type === "table" ? "show" : "explain";
      case "refresh":
        this.#lineage.write(this.#name(branch(parts.this).table));
        return "other";
      case "analyze":
        this.#lineage.read(this.#name(branch(parts.this).table));
        return "other";
      case "prepare":
        return this.read(parts.statement);
    }
    return PLAIN_KINDS[type];
  }

  #name(table: Tree): string {
    return tableName(table, this.#dialect);
  }

  #query(node: Tree): Columns {
    return this.#queries.query(node, { ctes: NO_CTES, scope: undefined });
  }

  #select(node: Tree, into: Branch): SqlKind {
    const columns = this.#query(node);
    const target = this.#name(into.table);
    if (target === "") return "select";
    this.#lineage.write(target, ...written(columns));
    return "create_table_as";
  }

  /** INSERT, UPDATE, DELETE and MERGE, that may also stand in a WITH. Gives what they return. */
  #changing(node: Tree, around: Ctes): Columns {
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
    for (const each of list(branch(parts.from_clause).expressions)) this.#queries.source(each, place);
    const target = this.#target(parts.table, nameOf(branch(parts.table).alias), place);
    for (const each of list(parts.extra_tables)) {
      this.#queries.source(each, place);
    }
    this.#queries.joins(parts.table_joins, place);
    this.#queries.joins(parts.from_joins, place);
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
    for (const each of list(parts.using)) this.#queries.source({ table: each }, place);
    this.#queries.joins(parts.joins, place);
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
    this.#queries.source(parts.using, place);
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
    return this.#queries.table(branch(table), { ctes: NO_CTES, scope: place.scope }, { alias, touch: false });
  }

  #insertAll(parts: Branch): SqlKind {
    const columns = this.#query(parts.source);
    const source = new Scope();
    source.sources.push({ name: "", aliased: true, columns });
    for (const each of list(parts.expressions)) {
      const { this: inner, expression: condition } = branch(branch(each).conditional_insert);
      const insert = branch(branch(inner).insert);
      const named = namesOf(insert.columns);
      this.#lineage.write(this.#name(insert.table), ...(named.length > 0 ? named : ["*"]));
      this.#queries.expression([insert.values, condition], { ctes: NO_CTES, scope: source });
    }
    return "insert_select";
  }

  #createTable(parts: Branch): SqlKind {
    const target = this.#name(parts.name);
    const ctes = this.#queries.withCtes(parts.with_cte, NO_CTES);
    const defined = namesOf(parts.columns);
    if (parts.as_select) {
      const columns = this.#queries.query(parts.as_select, { ctes, scope: undefined });
      this.#lineage.write(target, ...(defined.length > 0 ? defined : written(columns)));
      return "create_table_as";
    }
    this.#lineage.write(target, ...defined);
    if (parts.clone_source) {
      this.#lineage.read(this.#name(parts.clone_source), "*");
      this.#lineage.write(target, "*");
    }
    return "create_table";
  }

  #copy(parts: Branch): SqlKind {
    const { type, data } = expression(parts.this) ?? { type: "", data: undefined };
    const schema = branch(data);
    const table = type === "table" ? data : type === "schema" ? branch(schema.this).table : undefined;
    const columns = namesOf(schema.expressions);
    const target = this.#name(table);
    const all = type === "schema" && columns.length > 0 ? columns : ["*"];
    if (target === "") {
      this.#query(parts.this);
      // COPY INTO @stage FROM t: the table stands where files do.
      for (const each of parts.is_into === true ? list(parts.files) : []) {
        const file = expression(each);
        if (file?.type === "subquery") this.#query(each);
        else if (file?.type === "column" || file?.type === "table") {
          const { table: schema, name } = branch(file.data);
          this.#lineage.read([nameOf(schema), nameOf(name)].filter((part) => part !== "").join("."), "*");
        }
      }
    } else if (parts.kind === true) {
      this.#lineage.write(target, ...all);
      for (const each of list(parts.files)) {
        if (expression(each)?.type === "subquery") this.#query(each);
      }
    } else this.#lineage.read(target, ...all);
    return "copy";
  }
}

/** Columns of a query as those of what is made of it. */
function written(columns: Columns): readonly string[] {
  return columns === undefined ? ["*"] : [...columns];
}

/** The columns that ALTER TABLE adds, drops, renames or changes. */
function altered(actions: Tree): string[] {
  const columns: string[] = [];
  for (const each of list(actions)) {
    const { type, data } = expression(each) ?? { type: "", data: undefined };
    const { column, name, old_name, new_name } = branch(data);
    if (type === "AddColumn") columns.push(nameOf(column));
    else if (type === "DropColumn" || type === "AlterColumn") columns.push(nameOf(name));
    else if (type === "RenameColumn") columns.push(nameOf(old_name), nameOf(new_name));
    else if (type === "Raw") {
      const raw = /^\s*(?:MODIFY|CHANGE)(?:\s+COLUMN)?\s+["`]?(\w+)/i.exec(String(branch(data).sql));
      if (raw?.[1] !== undefined) columns.push(raw[1]);
    }
  }
  return columns.filter((name) => name !== "");
}
