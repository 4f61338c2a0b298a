import type { SqlKind } from "./statement.ts";

const BY_FIRST_WORD: Readonly<Record<string, SqlKind>> = {
  SELECT: "select",
  VALUES: "select",
  TABLE: "select",
  FROM: "select",
  INSERT: "insert",
  REPLACE: "insert",
  UPSERT: "insert",
  UPDATE: "update",
  DELETE: "delete",
  MERGE: "merge",
  ALTER: "alter",
  RENAME: "alter",
  DROP: "drop",
  UNDROP: "create_other",
  TRUNCATE: "truncate",
  COPY: "copy",
  UNLOAD: "copy",
  LOAD: "copy",
  EXPORT: "copy",
  IMPORT: "copy",
  PUT: "copy",
  GET: "copy",
  EXPLAIN: "explain",
  DESCRIBE: "show",
  DESC: "show",
  SHOW: "show",
  PRAGMA: "show",
  LIST: "show",
  CALL: "call",
  EXEC: "call",
  EXECUTE: "call",
  SET: "set",
  RESET: "set",
  USE: "set",
  DECLARE: "set",
  GRANT: "grant",
  REVOKE: "grant",
  BEGIN: "transaction",
  START: "transaction",
  COMMIT: "transaction",
  ROLLBACK: "transaction",
  ABORT: "transaction",
  END: "transaction",
  SAVEPOINT: "transaction",
  RELEASE: "transaction",
};

/** The verbs a WITH may lead to. */
const VERBS = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"]);
/** Words between CREATE and what is created. */
const BETWEEN =
  /^(?:OR|REPLACE|TEMP|TEMPORARY|GLOBAL|LOCAL|UNLOGGED|TRANSIENT|EXTERNAL|MATERIALIZED|RECURSIVE|UNIQUE|VOLATILE|VIRTUAL|SECURE|HYBRID|DYNAMIC|FORCE)$/;

/**
 * The kind of a statement by its words, in capitals and with their depth in parentheses: the best that can be said of
 * one that is not parsed.
 */
export function kindByWords(words: readonly { word: string; depth: number }[]): SqlKind {
  const [first] = words;
  if (first === undefined) return "other";
  const outer = words.filter(({ depth }) => depth <= first.depth).map(({ word }) => word);
  const has = (word: string) => words.some((each) => each.word === word);
  if (first.word === "CREATE") {
    const what = outer.slice(1).find((word) => !BETWEEN.test(word)) ?? "";
    if (what === "TABLE") return outer.includes("AS") && has("SELECT") ? "create_table_as" : "create_table";
    if (what === "VIEW") return "create_view";
    return what === "INDEX" ? "create_index" : "create_other";
  }
  const verb = first.word === "WITH" ? outer.find((word) => VERBS.has(word)) ?? "WITH" : first.word;
  if (verb === "WITH") return "select";
  // Only a block goes on behind BEGIN and DECLARE.
  if (verb === "BEGIN" && outer.length > 3) return "other";
  const kind = BY_FIRST_WORD[verb] ?? "other";
  return kind === "insert" && has("SELECT") ? "insert_select" : kind;
}

/** Whether a statement can begin with this word, in capitals. */
export function startsStatement(word: string): boolean {
  return word === "WITH" || word === "CREATE" || word in BY_FIRST_WORD || OTHERS.has(word);
}

const OTHERS: ReadonlySet<string> = new Set([
  ...[
    "ANALYZE",
    "VACUUM",
    "ATTACH",
    "DETACH",
    "COMMENT",
    "REFRESH",
    "REINDEX",
    "LOCK",
    "UNLOCK",
    "CLUSTER",
    "DO",
  ],
  ...[
    "PREPARE",
    "DEALLOCATE",
    "FETCH",
    "CLOSE",
    "OPEN",
    "LISTEN",
    "NOTIFY",
    "OPTIMIZE",
    "IF",
    "WHILE",
    "FOR",
    "LOOP",
  ],
  ...[
    "CHECKPOINT",
    "DISCARD",
    "REPAIR",
    "MSCK",
    "CACHE",
    "KILL",
    "FLUSH",
    "INSTALL",
    "SUMMARIZE",
    "RAISE",
    "RETURN",
  ],
]);
