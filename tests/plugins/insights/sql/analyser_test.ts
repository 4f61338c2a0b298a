import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { openSqlAnalyser, type SqlAnalysis } from "../../../../plugins/insights/sql/analyser.ts";
import { DIALECTS, guessDialect } from "../../../../plugins/insights/sql/dialect.ts";
import { loadSqlParser } from "../../../../plugins/insights/sql/parser.ts";
import type { SqlTable } from "../../../../plugins/insights/sql/statement.ts";
import type { Tables } from "./statements/case.ts";
import { STATEMENTS } from "./statements.ts";

Deno.test("openSqlAnalyser() reads each statement of the table as it was written down by hand", async (t) => {
  for (const [dialect, cases] of Object.entries(STATEMENTS)) {
    using analyser = openSqlAnalyser({ dialect });
    for (const wanted of cases) {
      await t.step(`${dialect}: ${wanted.sql}`, async () => {
        const { statements, omitted } = await analyser.analyse(wanted.sql);
        assert.equal(omitted, 0);
        assert.equal(statements.length, 1);
        const [found] = statements;
        assert.ok(found);
        assert.equal(found.fault?.reason, wanted.fails ? found.fault?.reason : undefined);
        assert.deepEqual(
          {
            kind: found.kind,
            parsed: found.parsed,
            reads: columns(found.reads),
            writes: columns(found.writes),
            unattributed: found.unattributed,
          },
          {
            kind: wanted.kind,
            parsed: wanted.fails === undefined,
            reads: wanted.reads ?? {},
            writes: wanted.writes ?? {},
            unattributed: wanted.unattributed ?? [],
          },
        );
        if (wanted.fails) {
          assert.match(found.fault?.reason ?? "", wanted.fails.reason);
          if (wanted.fails.offset !== undefined) assert.equal(found.fault?.offset, wanted.fails.offset);
        }
      });
    }
  }
});

function columns(tables: readonly SqlTable[]): Tables {
  return Object.fromEntries(tables.map(({ name, columns }) => [name, columns]));
}

Deno.test("openSqlAnalyser() guesses dialects well enough to read the table without being told", async () => {
  using analyser = openSqlAnalyser();
  const wrong: string[] = [];
  for (const { sql, reads, writes, kind, fails } of Object.values(STATEMENTS).flat()) {
    if (fails) continue;
    const { statements: [found] } = await analyser.analyse(sql);
    const same = found?.kind === kind && isDeepStrictEqual(columns(found.reads), reads ?? {}) &&
      isDeepStrictEqual(columns(found.writes), writes ?? {});
    if (!same) wrong.push(sql);
  }
  // Nothing in them tells that WITH may not name itself, and that the list may name its own columns.
  assert.deepEqual(wrong, [
    "WITH t AS (SELECT a FROM t UNION ALL SELECT b FROM t) SELECT a FROM t",
    "SELECT price * qty AS total, total * 0.2 AS tax FROM sales WHERE region ILIKE ANY ('a%', 'b%')",
  ]);
});

Deno.test("guessDialect() knows dialects by their signs", () => {
  const signs = {
    postgresql: "SELECT a::jsonb FROM t WHERE b ILIKE $1",
    mysql: "SELECT `a` FROM `t` LIMIT 5, 10",
    sqlite: "INSERT OR IGNORE INTO t VALUES (1)",
    bigquery: "SELECT ARRAY<INT64>[1] FROM `p.d.t`",
    snowflake: "SELECT v:a::string FROM t QUALIFY x = 1",
    tsql: "SELECT TOP 5 a FROM [dbo].[t] WHERE b = @b",
    oracle: "SELECT 1 FROM dual",
    clickhouse: "SELECT a FROM t PREWHERE b = 1",
    duckdb: "SELECT a FROM read_parquet('x.parquet')",
    generic: "SELECT a FROM t WHERE b = 1",
  };
  for (const [dialect, sql] of Object.entries(signs)) assert.equal(guessDialect(sql), dialect);
});

Deno.test("analyse() gives the statements of a text one by one, with where they start", async () => {
  using analyser = openSqlAnalyser();
  const text = "-- two\nSELECT a FROM t; /* and */ SELEC b;\nDELETE FROM u WHERE c = 'x;y';";
  const { statements } = await analyser.analyse(text);
  assert.deepEqual(statements.map(({ start, text: sql, kind, parsed }) => ({ start, sql, kind, parsed })), [
    { start: 7, sql: "SELECT a FROM t", kind: "select", parsed: true },
    { start: 34, sql: "SELEC b", kind: "other", parsed: false },
    { start: 43, sql: "DELETE FROM u WHERE c = 'x;y'", kind: "delete", parsed: true },
  ]);
});

Deno.test("analyse() says where what it can't parse goes wrong, in lines and UTF-16 units", async () => {
  using analyser = openSqlAnalyser({ dialect: "postgresql" });
  const { statements: [found] } = await analyser.analyse("SELECT 'é😀',\n  a b c\nFROM t");
  assert.equal(found?.parsed, false);
  assert.deepEqual({ ...found?.fault, reason: "" }, { reason: "", offset: 20, line: 2, column: 7 });
  const { statements: [explained] } = await analyser.analyse("EXPLAIN (ANALYZE) SELECT a FROM WHERE");
  assert.equal(explained?.kind, "explain");
  assert.equal(explained?.fault?.offset, 32);
});

Deno.test("analyse() gives statements that differ in literals alone one hash", async () => {
  using analyser = openSqlAnalyser();
  const hashes = await Promise.all(
    ["select a from t where b = 1", "SELECT a\nFROM t WHERE b = 'x' -- y", "select a from t where c = 1"].map(
      async (sql) => (await analyser.analyse(sql)).statements[0]?.hash,
    ),
  );
  assert.match(hashes[0] ?? "", /^[0-9a-f]{64}$/);
  assert.equal(hashes[0], hashes[1]);
  assert.notEqual(hashes[0], hashes[2]);
});

Deno.test("analyse() is bounded: long texts are not read, statements beyond a number are counted", async () => {
  using analyser = openSqlAnalyser({ maxBytes: 100, maxStatements: 3 });
  const long = `INSERT INTO t SELECT '${"é".repeat(50)}'`;
  const { statements } = await analyser.analyse(long);
  assert.deepEqual(
    statements.map(({ kind, parsed, fault, text }) => ({ kind, parsed, reason: fault?.reason, text })),
    [{
      kind: "insert_select",
      parsed: false,
      reason: "a text of 123 bytes; 100 are the most that are read",
      text: long,
    }],
  );
  const several = await analyser.analyse("SELECT 1;".repeat(8));
  assert.equal(several.statements.length, 3);
  assert.equal(several.omitted, 5);
});

Deno.test("analyse() refuses what would overflow the parser, and goes on with the next", async () => {
  using analyser = openSqlAnalyser();
  const deep = [
    `SELECT ${"[".repeat(20_000)}1${"]".repeat(20_000)}`,
    `SELECT 1${"+1".repeat(20_000)}`,
    `SELECT 1${"::int".repeat(20_000)}`,
    `SELECT a${".a".repeat(20_000)}`,
    `SELECT ${"(".repeat(20_000)}1`,
    `SELECT ${"CASE WHEN a THEN ".repeat(5_000)}1`,
  ];
  for (const sql of deep) {
    const { statements: [found] } = await analyser.analyse(sql);
    assert.equal(found?.parsed, false);
    assert.equal(found?.kind, "select");
    assert.match(found?.fault?.reason ?? "", /too deep|EXCEEDED/);
    const { statements: [next] } = await analyser.analyse("SELECT a FROM t");
    assert.deepEqual(next?.reads, [{ name: "t", columns: ["a"] }]);
  }
});

Deno.test("analyse() never rejects and gives the same twice, whatever the text", async () => {
  using analyser = openSqlAnalyser();
  const words = fc.constantFrom(
    ..."SELECT FROM WHERE WITH AS ( ) , a b t.* 'x' 1 JOIN ON = INSERT INTO UPDATE SET DELETE MERGE CREATE TABLE"
      .split(" "),
    ...'; EXPLAIN UNION ALL IN EXISTS OVER CASE WHEN END $$ " ` [ ] :: LATERAL UNNEST VIEW COPY DROP'.split(
      " ",
    ),
  );
  const text = fc.oneof(
    fc.array(words, { maxLength: 30 }).map((parts) => parts.join(" ")),
    fc.string({ unit: "binary" }),
    fc.uint8Array().map((bytes) => new TextDecoder().decode(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(text, async (sql) => {
      assert.deepEqual(await analyser.analyse(sql), await analyser.analyse(sql));
    }),
    { numRuns: 300 },
  );
});

Deno.test("openSqlAnalyser() takes other names of dialects, and treats unknown ones as generic", async () => {
  for (
    const [dialect, wanted] of [["Postgres", "postgresql"], ["mariadb", "mysql"], ["no such", "generic"]]
  ) {
    using analyser = openSqlAnalyser({ dialect });
    const { statements: [found] } = await analyser.analyse("SELECT a FROM t");
    assert.equal(found?.dialect, wanted);
  }
});

Deno.test("openSqlAnalyser() reads again after it was disposed of", async () => {
  const analyser = openSqlAnalyser();
  analyser[Symbol.dispose]();
  assert.equal((await analyser.analyse("SELECT 1")).statements[0]?.parsed, true);
  analyser[Symbol.dispose]();
  analyser[Symbol.dispose]();
  assert.equal((await analyser.analyse("SELECT 1")).statements[0]?.parsed, true);
});

Deno.test("openSqlAnalyser() loads its parser inside of a Worker", async () => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const { promise, resolve, reject } = Promise.withResolvers<SqlAnalysis>();
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(event.error);
  worker.postMessage("SELECT a FROM t");
  const { statements } = await promise;
  worker.terminate();
  assert.deepEqual(statements[0]?.reads, [{ name: "t", columns: ["a"] }]);
});

Deno.test("loadSqlParser() goes on after an input that overflowed its stack", async () => {
  const parser = await loadSqlParser();
  for (let time = 0; time < 3; time++) {
    const overflown = parser.parse(`SELECT ${"[".repeat(20_000)}`, "postgresql");
    assert.equal(overflown.ok, false);
    assert.equal(parser.parse("SELECT 1", "postgresql").ok, true);
  }
});

Deno.test("the dialects that can be set are those the parser knows", async () => {
  assert.deepEqual(new Set<string>(DIALECTS), (await loadSqlParser()).dialects);
});
