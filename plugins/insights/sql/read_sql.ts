import { readJson } from "capstan/json";
import { dialectNamed } from "./dialect.ts";
import { looksLikeSql } from "./looks_like_sql.ts";
import { shellSql } from "./shell_sql.ts";

/** SQL found in something an agent or a model said. */
export interface SqlText {
  /** As it stands there; one statement or several. */
  text: string;
  /** JSON pointer (RFC 6901) to the string it was found in; "" where that is the value itself. */
  path: string;
  /** What made it SQL: a fence that says so, the name of its argument, the command it is part of, or its looks. */
  found: "fence" | "argument" | "command" | "looks";
  /** The dialect that its fence or a neighbouring argument names. */
  dialect?: string;
}

/** How far a value is searched. */
export interface ReadSqlOptions {
  /** Texts found beyond these are left. Default 100. */
  maxTexts?: number;
  /** Strings visited beyond these are left. Default 10,000. */
  maxStrings?: number;
}

/** Languages of fences that are SQL, and those whose dialect they tell. */
const FENCES: Readonly<Record<string, string | null>> = {
  sql: null,
  ansisql: null,
  ddl: null,
  postgresql: "postgresql",
  postgres: "postgresql",
  psql: "postgresql",
  pgsql: "postgresql",
  plpgsql: "postgresql",
  mysql: "mysql",
  mariadb: "mysql",
  sqlite: "sqlite",
  sqlite3: "sqlite",
  bigquery: "bigquery",
  googlesql: "bigquery",
  snowflake: "snowflake",
  tsql: "tsql",
  mssql: "tsql",
  plsql: "oracle",
  redshift: "redshift",
  clickhouse: "clickhouse",
  duckdb: "duckdb",
  trino: "trino",
  presto: "presto",
  hiveql: "hive",
  sparksql: "spark",
};
/** Names of arguments that hold SQL and nothing else. */
const SQL_KEYS = /^(?:sql|raw_?sql|sql_?(?:query|text|statement|string|code)|query_?sql|statement_?sql)s?$/i;
/** Names of arguments that often hold SQL. */
const QUERY_KEYS = /^(?:query|queries|statement|statements|stmt|query_?(?:text|string)|q)$/i;
/** Names of arguments that hold command lines. */
const COMMAND_KEYS = /^(?:cmd|command|commands|script|bash|shell|args|argv|code)$/i;
const DIALECT_KEYS = /^(?:dialect|sql_?dialect|database_?type|db_?type|engine)$/i;
const FENCE = /^([ \t>]*)(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n`]*\n/gm;

/**
 * The SQL in a text or in any JSON value: fenced blocks, arguments named `sql`, `query` or `statement`, and strings
 * that are SQL by their looks. Texts that are JSON are looked into. Prose that only begins like SQL gives nothing.
 */
export function readSql(value: unknown, options: ReadSqlOptions = {}): SqlText[] {
  const search = new Search(options);
  search.value(value, "", {});
  return search.found;
}

/** What is known of a value from where it stands. */
interface Around {
  /** Its key, or that of the list it is in. */
  key?: string;
  dialect?: string;
}

class Search {
  readonly found: SqlText[] = [];
  readonly #maxTexts: number;
  #strings: number;

  constructor({ maxTexts = 100, maxStrings = 10_000 }: ReadSqlOptions) {
    this.#maxTexts = maxTexts;
    this.#strings = maxStrings;
  }

  /** Depth is bounded, so that no value overflows the stack. */
  value(value: unknown, path: string, around: Around, depth = 0): void {
    if (depth > 64 || this.found.length >= this.#maxTexts || this.#strings <= 0) return;
    if (typeof value === "string") {
      this.#strings--;
      return this.#text(value, path, around, depth);
    }
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) this.value(each, `${path}/${index}`, around, depth + 1);
    } else if (value !== null && typeof value === "object") {
      const named = Object.entries(value).find(([key, each]) =>
        DIALECT_KEYS.test(key) && typeof each === "string"
      );
      const dialect = named === undefined ? around.dialect : String(named[1]);
      for (const [key, each] of Object.entries(value)) {
        this.value(each, `${path}/${pointer(key)}`, { key, dialect }, depth + 1);
      }
    }
  }

  #text(text: string, path: string, { key = "", dialect }: Around, depth: number): void {
    if (/^\s*[[{]/.test(text)) {
      const inside = parsed(text);
      if (inside !== undefined) return this.value(inside, path, {}, depth + 1);
    }
    const known = dialect === undefined ? {} : { dialect: dialectNamed(dialect) };
    if (this.#fences(text, path)) return;
    const hint = SQL_KEYS.test(key) ? "sql" : QUERY_KEYS.test(key) ? "query" : "none";
    if (looksLikeSql(text, hint)) {
      return this.#add({ text, path, found: hint === "none" ? "looks" : "argument", ...known });
    }
    if (!COMMAND_KEYS.test(key)) return;
    for (const { text: sql, dialect } of shellSql(text)) {
      this.#add({ text: sql, path, found: "command", dialect });
    }
  }

  /** Whether the text has fences; those of SQL are taken, and of those without a language what looks like it. */
  #fences(text: string, path: string): boolean {
    let any = false;
    // Its own, for what is inside a block is searched in between.
    const fence = new RegExp(FENCE);
    for (let open = fence.exec(text); open !== null; open = fence.exec(text)) {
      any = true;
      const [all, indent = "", mark = "```", language = ""] = open;
      const from = open.index + all.length;
      const close = closing(text, from, mark);
      const body = unquoted(text.slice(from, close.start), indent);
      fence.lastIndex = close.end;
      const dialect = FENCES[language.toLowerCase()];
      if (dialect !== undefined) {
        if (body.trim() !== "") {
          this.#add({ text: body, path, found: "fence", ...(dialect === null ? {} : { dialect }) });
        }
      } else if (language === "" && looksLikeSql(body)) this.#add({ text: body, path, found: "looks" });
      else if (/^jsonc?$|^json5$/i.test(language)) this.value(parsed(body), path, {}, 1);
      if (close.end >= text.length) break;
    }
    return any;
  }

  #add(text: SqlText): void {
    if (this.found.length < this.#maxTexts) this.found.push(text);
  }
}

/** Where the fence ends: a line with as many marks, or the text's end. */
function closing(text: string, from: number, mark: string): { start: number; end: number } {
  for (let at = text.indexOf(mark, from); at >= 0; at = text.indexOf(mark, at + mark.length)) {
    const line = text.lastIndexOf("\n", at - 1) + 1;
    const eol = text.indexOf("\n", at);
    const end = eol < 0 ? text.length : eol;
    if (line < from && at !== from) continue;
    const before = text.slice(Math.max(line, from), at);
    if (/^[ \t>]*$/.test(before) && /^[`~]*\s*$/.test(text.slice(at, end))) {
      return { start: Math.max(line, from), end };
    }
  }
  return { start: text.length, end: text.length };
}

/** Lines without what stands before each of a block in a quotation or a list. */
function unquoted(body: string, indent: string): string {
  if (indent === "") return body;
  return body.split("\n").map((line) => line.startsWith(indent) ? line.slice(indent.length) : line).join(
    "\n",
  );
}

function parsed(text: string): unknown {
  try {
    const value: unknown = readJson(text);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined; // a text that begins like JSON
  }
}

function pointer(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
