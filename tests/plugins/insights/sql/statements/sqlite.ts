import type { Case } from "./case.ts";

/** Statements in the dialect of SQLite. */
export const sqlite: readonly Case[] = [
  {
    sql: "SELECT rowid, [odd name] FROM [my table]",
    kind: "select",
    reads: { "my table": ["odd name", "rowid"] },
  },
  { sql: "INSERT OR REPLACE INTO kv (k, v) VALUES (?, ?)", kind: "insert", writes: { kv: ["k", "v"] } },
  {
    sql: "SELECT strftime('%Y', at) AS y, count(*) FROM log WHERE msg GLOB 'a*' GROUP BY y",
    kind: "select",
    reads: { log: ["at", "msg"] },
  },
  { sql: "PRAGMA table_info(users)", kind: "show" },
  {
    sql: "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT) WITHOUT ROWID",
    kind: "create_table",
    writes: { t: ["id", "v"] },
  },
  {
    sql: "SELECT name FROM sqlite_master WHERE type = 'table'",
    kind: "select",
    reads: { sqlite_master: ["name", "type"] },
  },
  { sql: "EXPLAIN QUERY PLAN SELECT a FROM t", kind: "explain", reads: { t: ["a"] } },
  {
    sql: "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT n FROM c",
    kind: "select",
  },
  {
    sql: "SELECT a.id, json_extract(a.body, '$.x') FROM main.a AS a NATURAL JOIN b",
    kind: "select",
    reads: { b: [], "main.a": ["body", "id"] },
  },
  {
    sql: "CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE u SET n = n + 1; DELETE FROM w; END",
    kind: "create_other",
  },
];
