/**
 * SQL read a second, on one thread: the statements of the tests, each found in a tool's input, split, parsed and traced
 * to tables and columns. `deno task bench sql [--rounds N]`
 */
import { parseArgs } from "node:util";
import { openSqlAnalyser } from "../../plugins/insights/sql/analyser.ts";
import { readSql } from "../../plugins/insights/sql/read_sql.ts";
import { PROSE } from "../plugins/insights/sql/prose.ts";
import { STATEMENTS } from "../plugins/insights/sql/statements.ts";
import { median, short, table } from "./table.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "5" } } });
const cases = Object.entries(STATEMENTS)
  .flatMap(([dialect, list]) => list.filter(({ fails }) => !fails).map(({ sql }) => ({ dialect, sql })));
const broken = Object.values(STATEMENTS).flatMap((list) => list.filter(({ fails }) => fails));
const typical = "SELECT u.id, u.name, count(*) AS n FROM app.users u JOIN app.orders o ON o.user_id = u.id " +
  "WHERE u.team IN (SELECT id FROM app.teams WHERE site = 'x') AND o.placed > '2020-01-01' GROUP BY 1, 2 ORDER BY n DESC LIMIT 10";
const rowsOf = (count: number) =>
  `INSERT INTO t (a, b) VALUES ${Array.from({ length: count }, (_, n) => `(${n}, 'row ${n}')`).join(", ")}`;

using analyser = openSqlAnalyser();
const started = performance.now();
await analyser.analyse("SELECT 1");
const first = performance.now() - started;

/** How often a second, the median of the rounds after one to warm up. */
async function rate(units: number, run: () => Promise<unknown>): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round <= Number(values.rounds); round++) {
    const before = performance.now();
    let times = 0;
    for (; performance.now() - before < 500; times++) await run();
    if (round > 0) rates.push((times * units) / (performance.now() - before) * 1_000);
  }
  return median(rates);
}

const rows: string[][] = [];
async function measure(what: string, units: number, run: () => Promise<unknown>): Promise<void> {
  rows.push([what, short(await rate(units, run))]);
}
await measure(`the tests' ${cases.length} statements, dialect known`, cases.length, async () => {
  for (const { dialect, sql } of cases) await analyser.analyse(sql, dialect);
});
await measure("the same, dialect guessed", cases.length, async () => {
  for (const { sql } of cases) await analyser.analyse(sql);
});
await measure(`a typical query of ${typical.length} bytes, guessed`, 1, () => analyser.analyse(typical));
await measure("the same, found in a tool's input", 1, async () => {
  for (const { text } of readSql({ tool: "db", input: { query: typical } })) await analyser.analyse(text);
});
await measure("an INSERT of 1,000 rows, 21 kB", 1, () => analyser.analyse(rowsOf(1_000)));
await measure("statements that can't be parsed", broken.length, async () => {
  for (const { sql } of broken) await analyser.analyse(sql);
});
await measure("texts of prose, looked at and left", PROSE.length, async () => {
  await Promise.resolve(readSql(PROSE));
});
console.log(`First text: ${short(first, " ms")} (the parser is loaded)\n`);
console.log(table(["what", "a second"], rows));
