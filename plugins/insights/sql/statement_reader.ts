import { ChangeReader } from "./change_reader.ts";
import type { Lineage } from "./lineage.ts";
import { namesOf, tableName } from "./names.ts";
import { type Ctes, QueryReader } from "./query_reader.ts";
import { type Columns, Scope } from "./scope.ts";
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
  readonly #changes: ChangeReader;

  constructor(lineage: Lineage, dialect: string) {
    this.#lineage = lineage;
    this.#dialect = dialect;
    this.#queries = new QueryReader(lineage, dialect, (node, ctes) => this.#changes.read(node, ctes));
    this.#changes = new ChangeReader(lineage, dialect, this.#queries);
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
        this.#changes.read(node, NO_CTES);
        return parts.query === undefined || parts.query === null ? "insert" : "insert_select";
      case "update":
      case "delete":
      case "merge":
        this.#changes.read(node, NO_CTES);
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
        this.#queries.sources.table(branch(parts.table), { ctes: NO_CTES, scope }, { touch: true });
        for (const { column } of list(parts.columns).map(branch)) {
          const name = nameOf(column);
          if (name !== "") this.#queries.columns.read([name], scope);
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
