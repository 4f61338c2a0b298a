import assert from "node:assert/strict";
import fc from "fast-check";
import { lexSql } from "../../../../plugins/insights/sql/lex.ts";
import { normaliseSql } from "../../../../plugins/insights/sql/normalise.ts";
import { syntaxOf } from "../../../../plugins/insights/sql/syntax.ts";
import { STATEMENTS } from "./statements.ts";

function normalise(sql: string, dialect = "postgresql"): string {
  return normaliseSql(sql, lexSql(sql, syntaxOf(dialect)));
}

Deno.test("normaliseSql() takes out literals, parameters, comments and white space, and capitalises keywords", () => {
  const same = [
    "select id,name from users where id=1 and name = 'Ann'",
    "SELECT id, name\n  FROM users -- all\n WHERE id = 22 AND name = E'B\\'ob'",
    "Select id , name From users /* x */ Where id = $1 And name = $$Cy$$",
    "select id, name from users where id = ? and name = :name",
  ];
  for (const sql of same) {
    assert.equal(normalise(sql), "SELECT id, name FROM users WHERE id = ? AND name = ?");
  }
});

Deno.test("normaliseSql() keeps what tells statements apart: names, their case and quotes, operators", () => {
  assert.equal(normalise('SELECT "Id" FROM Users'), 'SELECT "Id" FROM Users');
  assert.notEqual(normalise("SELECT a FROM t"), normalise("SELECT a FROM T"));
  assert.notEqual(normalise("SELECT a + b"), normalise("SELECT a - b"));
  assert.notEqual(
    normalise("SELECT a FROM t WHERE b IN (1)"),
    normalise("SELECT a FROM t WHERE b IN (1, 2)"),
  );
  assert.equal(normalise("SELECT 'it''s', \"a\"\"b\" /* c /* d */ e */"), 'SELECT ?, "a""b"');
  assert.equal(normalise("SELECT count( * ), a . b::int FROM t"), "SELECT COUNT(*), a.b::int FROM t");
  assert.equal(normalise("SELECT t.v:a FROM t", "snowflake"), "SELECT t.v : a FROM t");
});

Deno.test("normaliseSql() changes nothing that is normalised already", () => {
  const tokens = [
    ...[
      "a",
      "B",
      "select",
      "count",
      "1",
      "'x'",
      '"q"',
      "`n`",
      "[b]",
      "(",
      ")",
      "[",
      "]",
      ",",
      ".",
      "::",
      ":",
      ";",
    ],
    ...[
      "?",
      "$1",
      ":p",
      "@v",
      "#t",
      "%s",
      "--c\n",
      "/*c*/",
      "||",
      "->>",
      "-",
      "/",
      "*",
      "é",
      "$$d$$",
      "E'e'",
      "\\",
    ],
    ...["'", '"', "`", "%", "@", "$", "~", "!", "|", "&", " "],
  ];
  const sql = fc.array(fc.tuple(fc.constantFrom(...tokens), fc.constantFrom("", " ")), { maxLength: 12 })
    .map((parts) => parts.flat().join(""));
  const dialect = fc.constantFrom(...Object.keys(STATEMENTS), "generic");
  fc.assert(
    fc.property(sql, dialect, (text, dialect) => {
      const once = normalise(text, dialect);
      assert.equal(normalise(once, dialect), once);
    }),
    { numRuns: 5_000 },
  );
  for (const [dialect, cases] of Object.entries(STATEMENTS)) {
    for (const { sql } of cases) {
      assert.equal(normalise(normalise(sql, dialect), dialect), normalise(sql, dialect));
    }
  }
});
