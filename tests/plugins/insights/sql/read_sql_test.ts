import assert from "node:assert/strict";
import fc from "fast-check";
import { looksLikeSql } from "../../../../plugins/insights/sql/looks_like_sql.ts";
import { readSql } from "../../../../plugins/insights/sql/read_sql.ts";
import { PROSE, STATEMENTS_TO_THE_LETTER } from "./prose.ts";
import { STATEMENTS } from "./statements.ts";

Deno.test("readSql() finds nothing in prose that begins like SQL, wherever it stands", () => {
  for (const text of PROSE) {
    for (
      const value of [
        text,
        { text },
        [text],
        { input: { command: text } },
        `Well:\n\n\`\`\`\n${text}\n\`\`\`\n`,
      ]
    ) {
      assert.deepEqual(readSql(value), [], JSON.stringify(value));
    }
    if (STATEMENTS_TO_THE_LETTER.has(text)) continue;
    for (const value of [{ query: text }, { statement: text }]) {
      assert.deepEqual(readSql(value), [], JSON.stringify(value));
    }
  }
});

/** They say too little to be told from prose without the word of a key. */
const NEEDS_A_KEY = /^(?:BEGIN|SAVEPOINT here|DECLARE x INT64 DEFAULT 5)$/;

Deno.test("readSql() finds each statement of the table by its looks alone", () => {
  for (const { sql, fails } of Object.values(STATEMENTS).flat()) {
    if (fails || NEEDS_A_KEY.test(sql)) continue;
    assert.deepEqual(readSql(sql), [{ text: sql, path: "", found: "looks" }], sql);
    assert.equal(readSql({ sql }).length, 1, sql);
  }
});

Deno.test("readSql() takes small statements under the name of a query, and broken ones under that of SQL", () => {
  assert.deepEqual(readSql({ query: "select name from users" }), [
    { text: "select name from users", path: "/query", found: "argument" },
  ]);
  assert.deepEqual(readSql("select name from users"), []);
  assert.equal(readSql({ sql: "SELEC id FROM users WHERE a = 1" }).length, 1);
  assert.equal(readSql({ raw_sql: "BEGIN" }).length, 1);
  assert.equal(readSql({ query: "SELEC id FROM users WHERE a = 1" }).length, 0);
});

Deno.test("readSql() says where in a value it found what, and of which dialect its neighbours say it is", () => {
  const value = {
    "a/b": [{ sql: "SELECT 1", dialect: "Postgres" }, { other: "hello" }],
    body: JSON.stringify({ rows: [1], query: "SELECT a FROM t WHERE b = 2" }),
    statements: ["INSERT INTO t VALUES (1)", "please select"],
  };
  assert.deepEqual(readSql(value), [
    { text: "SELECT 1", path: "/a~1b/0/sql", found: "argument", dialect: "postgresql" },
    { text: "SELECT a FROM t WHERE b = 2", path: "/body/query", found: "argument" },
    { text: "INSERT INTO t VALUES (1)", path: "/statements/0", found: "argument" },
  ]);
});

Deno.test("readSql() takes fenced blocks of SQL out of an answer, and leaves those of other languages", () => {
  const answer = [
    "Here it is:",
    "```sql",
    "SELECT 1;",
    "SELECT 2",
    "```",
    "or in BigQuery",
    "~~~ bigquery",
    "SELECT * FROM `a.b.c`",
    "~~~",
    "> ```PostgreSQL",
    "> SELECT 3",
    "> ```",
    "```python",
    "SELECT = 'SELECT a FROM t'",
    "```",
    "```",
    "SELECT a FROM t WHERE b = 1",
    "```",
    "```json",
    '{"query": "SELECT c FROM t WHERE d = 1"}',
    "```",
    "````sql",
    "SELECT '```'",
    "````",
    "```sql",
    "SELECT 'cut off'",
  ].join("\n");
  assert.deepEqual(readSql(answer), [
    { text: "SELECT 1;\nSELECT 2\n", path: "", found: "fence" },
    { text: "SELECT * FROM `a.b.c`\n", path: "", found: "fence", dialect: "bigquery" },
    { text: "SELECT 3\n", path: "", found: "fence", dialect: "postgresql" },
    { text: "SELECT a FROM t WHERE b = 1\n", path: "", found: "looks" },
    { text: "SELECT c FROM t WHERE d = 1", path: "/query", found: "argument" },
    { text: "SELECT '```'\n", path: "", found: "fence" },
    { text: "SELECT 'cut off'", path: "", found: "fence" },
  ]);
});

Deno.test("readSql() is bounded in what it visits and finds", () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ sql: `SELECT ${n}` }));
  assert.equal(readSql(many, { maxTexts: 7 }).length, 7);
  assert.equal(readSql(many, { maxStrings: 9 }).length, 9);
  let deep: unknown = { sql: "SELECT 1" };
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assert.deepEqual(readSql(deep), []);
});

Deno.test("readSql() and looksLikeSql() never throw, whatever they are given", () => {
  fc.assert(fc.property(fc.anything(), (value) => {
    readSql(value);
  }));
  const text = fc.tuple(
    fc.constantFrom(
      "select ",
      "WITH a AS (",
      "insert into ",
      "```sql\n",
      "{",
      "[",
      "explain (",
      "-- x\n",
      "/* ",
    ),
    fc.string({ unit: "binary" }),
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(text, fc.constantFrom("sql" as const, "query" as const, "none" as const), (text, hint) => {
      looksLikeSql(text, hint);
      readSql(text);
    }),
  );
});
