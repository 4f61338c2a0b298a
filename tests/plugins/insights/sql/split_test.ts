import assert from "node:assert/strict";
import fc from "fast-check";
import { lexSql } from "../../../../plugins/insights/sql/lex.ts";
import { splitSql } from "../../../../plugins/insights/sql/split.ts";
import { syntaxOf } from "../../../../plugins/insights/sql/syntax.ts";
import { STATEMENTS } from "./statements.ts";

function split(text: string, dialect = "postgresql"): string[] {
  const tokens = lexSql(text, syntaxOf(dialect));
  return splitSql(text, tokens).map(({ start, end }) => text.slice(start, end));
}

Deno.test("splitSql() cuts at semicolons, but not inside of texts, names, comments and dollar quotes", () => {
  assert.deepEqual(split("a;b ; c;"), ["a", "b", "c"]);
  assert.deepEqual(split("select ';' ; select \"a;b\"; select 1 -- x;y\n+ 2; /* ; */ select $f$;$$;$f$"), [
    "select ';'",
    'select "a;b"',
    "select 1 -- x;y\n+ 2",
    "select $f$;$$;$f$",
  ]);
  assert.deepEqual(split("select 'it''s; ok'; select E'\\';'"), ["select 'it''s; ok'", "select E'\\';'"]);
  assert.deepEqual(split("select 'a\\';'; select `x;y`", "mysql"), ["select 'a\\';'", "select `x;y`"]);
  assert.deepEqual(split("/* a /* b; */ c; */ select 1; select 2"), ["select 1", "select 2"]);
  assert.deepEqual(split("select '''a;''b''' ; select r'\\'; select 2", "bigquery"), [
    "select '''a;''b'''",
    "select r'\\'",
    "select 2",
  ]);
});

Deno.test("splitSql() leaves out statements of comments alone, and comments around statements", () => {
  assert.deepEqual(split("-- one\nselect 1; -- two\n; /* three */"), ["select 1"]);
  assert.deepEqual(split(" ;; "), []);
  assert.deepEqual(split(""), []);
});

Deno.test("splitSql() keeps the bodies of routines and blocks together", () => {
  const routines = [
    "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET n = 1; DELETE FROM c; END",
    "CREATE OR REPLACE PROCEDURE p() BEGIN IF x THEN SELECT 1; ELSEIF y THEN SELECT CASE WHEN a THEN 1 END; END IF; END",
    "CREATE DEFINER=`me`@`%` PROCEDURE p() BEGIN WHILE a DO SET a = 1; END WHILE; LOOP SELECT 1; END LOOP; END",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "BEGIN INSERT INTO t VALUES (1); EXCEPTION WHEN OTHERS THEN SELECT 1; END",
    "IF x > 1 THEN SELECT 1; ELSE SELECT 2; END IF",
    "FOR r IN (SELECT 1) DO SELECT r.a; END FOR",
    "WHILE TRUE DO BEGIN SELECT 1; END; END WHILE",
    "BEGIN BEGIN SELECT 1; END; SELECT REPEAT('a', 2); REPEAT SET x = 1; UNTIL x END REPEAT; END",
  ];
  for (const routine of routines) {
    assert.deepEqual(split(`SELECT 0; ${routine}; SELECT 9`, "mysql"), ["SELECT 0", routine, "SELECT 9"]);
  }
});

Deno.test("splitSql() does not take a transaction for a block, nor CASE in a query for one", () => {
  assert.deepEqual(split("BEGIN; UPDATE t SET a = 1; COMMIT"), ["BEGIN", "UPDATE t SET a = 1", "COMMIT"]);
  assert.deepEqual(split("BEGIN TRANSACTION; SELECT 1; END"), ["BEGIN TRANSACTION", "SELECT 1", "END"]);
  assert.deepEqual(split("BEGIN -- now\n; SELECT 1"), ["BEGIN", "SELECT 1"]);
  assert.deepEqual(split("SELECT case FROM t; SELECT 2"), ["SELECT case FROM t", "SELECT 2"]);
  assert.deepEqual(split("CREATE TABLE t (a int); SELECT 2"), ["CREATE TABLE t (a int)", "SELECT 2"]);
  assert.deepEqual(split("DECLARE x INT64; SELECT x"), ["DECLARE x INT64", "SELECT x"]);
});

Deno.test("splitSql() minds a client's DELIMITER, and lines that say GO", () => {
  assert.deepEqual(
    split(
      "DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END//\nDELIMITER ;\nSELECT 3;",
      "mysql",
    ),
    ["CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END", "SELECT 3"],
  );
  assert.deepEqual(split("SELECT 1\nGO\nSELECT 2\ngo 5\nSELECT go FROM t", "tsql"), [
    "SELECT 1",
    "SELECT 2",
    "SELECT go FROM t",
  ]);
});

Deno.test("splitSql() gives back the statements of any concatenation", () => {
  const between = fc.constantFrom(";", " ; ", ";\n", ";\n-- a; comment\n", "; /* ; */ ", ";;\n\n");
  for (const [dialect, cases] of Object.entries(STATEMENTS)) {
    // An unfinished text or parenthesis swallows what follows, and a comment at the end is no part of a statement.
    const whole = cases.filter(({ fails, sql }) => !fails && !sql.includes("#")).map(({ sql }) => sql);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...whole), between), { maxLength: 12 }),
        (parts) => {
          assert.deepEqual(split(parts.flat().join(""), dialect), parts.map(([sql]) => sql));
        },
      ),
      { numRuns: 60 },
    );
  }
});

Deno.test("lexSql() covers any text without gaps but white space, and splitSql() never throws", () => {
  const pieces = fc.constantFrom(
    ...[
      "'",
      '"',
      "`",
      "$$",
      "$a$",
      "--",
      "/*",
      "*/",
      "\n",
      ";",
      "[",
      "]",
      "BEGIN",
      "END",
      "CASE",
      "IF",
      "LOOP",
    ],
    ...["CREATE PROCEDURE p", "DELIMITER", "GO", "?", ":a", "\\", "0x", "1e5", "\ud800", "\0", "é", " "],
  );
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(fc.property(text, fc.constantFrom(...Object.keys(STATEMENTS), "generic"), (sql, dialect) => {
    const tokens = lexSql(sql, syntaxOf(dialect));
    let at = 0;
    for (const { start, end } of tokens) {
      assert.ok(end > start && start >= at);
      assert.equal(sql.slice(at, start).trim(), "");
      at = end;
    }
    assert.equal(sql.slice(at).trim(), "");
    split(sql, dialect);
  }));
});
