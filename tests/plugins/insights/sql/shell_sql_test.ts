import assert from "node:assert/strict";
import fc from "fast-check";
import { readSql } from "../../../../plugins/insights/sql/read_sql.ts";
import { shellSql } from "../../../../plugins/insights/sql/shell_sql.ts";

const CASES: readonly [command: string, ...sql: [dialect: string, text: string][]][] = [
  [`psql -c "SELECT 1 FROM a"`, ["postgresql", "SELECT 1 FROM a"]],
  [
    `psql -h db -U me shop -c 'DELETE FROM "carts"' -c "SELECT \\"x\\""`,
    ["postgresql", 'DELETE FROM "carts"'],
    ["postgresql", 'SELECT "x"'],
  ],
  [`PGPASSWORD=x psql --command="SELECT 2 FROM b" shop`, ["postgresql", "SELECT 2 FROM b"]],
  [`psql -Atc "SELECT a FROM c"`, ["postgresql", "SELECT a FROM c"]],
  [`cd /srv && sudo -u postgres /usr/bin/psql shop -c 'DROP TABLE t' | head -3`, [
    "postgresql",
    "DROP TABLE t",
  ]],
  [`docker exec -i db mysql -uroot shop -e "UPDATE t SET a = 1; SELECT 1"`, [
    "mysql",
    "UPDATE t SET a = 1; SELECT 1",
  ]],
  [`sqlite3 -header data.db "SELECT * FROM t" ".tables"`, ["sqlite", "SELECT * FROM t"]],
  [`sqlite3 data.db <<'SQL'\nINSERT INTO t\nVALUES (1);\nSQL\necho done`, [
    "sqlite",
    "INSERT INTO t\nVALUES (1);\n",
  ]],
  [`bq query --use_legacy_sql=false 'SELECT x FROM \`p.d.t\`'`, ["bigquery", "SELECT x FROM `p.d.t`"]],
  [`duckdb -c "SELECT count(*) FROM 'a.parquet'"`, ["duckdb", "SELECT count(*) FROM 'a.parquet'"]],
  [`echo "SELECT a FROM t;" | psql shop`, ["postgresql", "SELECT a FROM t;"]],
  [`mysql shop <<< "SELECT a FROM t"`, ["mysql", "SELECT a FROM t"]],
  [`snowsql -q "SELECT 1 FROM w" -o x=y; ls`, ["snowflake", "SELECT 1 FROM w"]],
  // None of these runs SQL.
  ["psql -f changes.sql"],
  ["bq ls 'my data'"],
  ["sqlite3 data.db .tables"],
  [`sqlite3 data.db ".schema users"`],
  [`psql -c "\\d users"`],
  ["grep 'psql -c' notes.txt"],
  ["ls -la && cat a.txt"],
];

Deno.test("shellSql() finds what a command hands to the clients of databases, and of which dialect", () => {
  for (const [command, ...sql] of CASES) {
    assert.deepEqual(shellSql(command), sql.map(([dialect, text]) => ({ dialect, text })), command);
  }
});

Deno.test("readSql() finds SQL of commands in the arguments of tools, as text and as a list", () => {
  assert.deepEqual(readSql({ command: `psql -c "SELECT a FROM t"` }), [
    { text: "SELECT a FROM t", path: "/command", found: "command", dialect: "postgresql" },
  ]);
  assert.deepEqual(readSql({ cmd: ["bash", "-lc", `sqlite3 a.db "DELETE FROM t"`] }), [
    { text: "DELETE FROM t", path: "/cmd/2", found: "command", dialect: "sqlite" },
  ]);
  assert.deepEqual(readSql("You may run psql -c and see."), []);
  assert.deepEqual(readSql({ note: "Ask it by psql what select means to you." }), []);
});

Deno.test("shellSql() ends on any text", () => {
  const piece = fc.constantFrom(..."psql -c ' \" \\ << <<< EOF \n | ; & ( ) # $ x".split(" "), " ", "\n");
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
    for (const { text } of shellSql(`psql ${pieces.join(" ")}`)) assert.equal(typeof text, "string");
  }));
});
