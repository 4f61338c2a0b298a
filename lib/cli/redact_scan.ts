import type { Reader, SqlValue } from "../store/contract.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import type { CliCommand } from "./command.ts";
import { count } from "./format.ts";
import type { OpenData } from "./open_data.ts";
import { printable } from "./printable.ts";
import { beginningOf } from "./redact_dry_run.ts";
import { styleFor } from "./style.ts";
import { table } from "./table.ts";

/** Rows read at once, and bytes of records. */
const ROWS = 500;
const BYTES = 4 << 20;
/** The key of a table that has no other; it may have a column of the name `rowid`. */
const ROWID: readonly string[] = ["the row"];

/** What a rule found in one place; JSON. */
interface Counted {
  /** `table nodes` or `topic tapes.turns.v1`. */
  where: string;
  rule: string;
  found: number;
  /** How one of them begins. */
  begins: string;
}

/** Counts by place and rule. */
class Counts {
  readonly #counts = new Map<string, Counted>();
  rows = 0;

  constructor(private readonly redaction: AgentRedaction) {}

  add(where: string, value: SqlValue): void {
    const text = typeof value === "string" ? value : value instanceof Uint8Array ? utf8(value) : undefined;
    if (text === undefined) return;
    for (const { rule, start, end } of this.redaction.find(text)) {
      const key = `${where}\0${rule}`;
      const known = this.#counts.get(key);
      if (known) known.found++;
      else this.#counts.set(key, { where, rule, found: 1, begins: beginningOf(text.slice(start, end)) });
    }
  }

  list(): Counted[] {
    return [...this.#counts.values()];
  }
}

/** `capstan redact scan` */
export const redactScan: CliCommand = {
  path: "redact scan",
  doc: "Count what redaction would have taken out of what is stored already",
  more:
    "Looks through every table and the records of every topic in the file, and changes nothing. The rules are\n" +
    "those of [redact], whether it is enabled or not. What is sealed can't be looked into.",
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan redact scan", "capstan redact scan --json | jq '.found[] | select(.rule == \"card\")'"],
  async run(call) {
    const { options, io, signal } = call;
    const { openDryRun } = await import("./redaction_of.ts");
    const { openData } = await import("./open_data.ts");
    const { ProgressLine } = await import("../plugin/progress_line.ts");
    await using data = await openData(call, { write: false });
    const counts = new Counts(await openDryRun(data.config));
    {
      await using progress = new ProgressLine(io.stderr);
      const seen = async (rows: number) => {
        signal.throwIfAborted();
        counts.rows += rows;
        await progress.show({ what: "looking through the file", done: counts.rows });
      };
      await scanTopics(data, counts, seen);
      await scanTables(data, counts, seen);
    }
    const found = counts.list();
    if (options.json === true) {
      return await io.stdout.write(`${JSON.stringify({ rows: counts.rows, found }, null, 2)}\n`);
    }
    if (found.length > 0) {
      const rows = found.map((
        each,
      ) => [each.where, each.rule, count(each.found), `${printable(each.begins)}…`]);
      await io.stdout.write(
        `${
          table([["where", "rule", "found", "one begins"], ...rows], { columns: styleFor(io.stdout).columns })
        }\n`,
      );
    }
    const sum = found.reduce((all, each) => all + each.found, 0);
    await io.stdout.write(`looked through ${count(counts.rows)} rows and records: ${count(sum)} found\n`);
  },
};

async function scanTopics(
  { local, store }: OpenData,
  counts: Counts,
  seen: (rows: number) => Promise<void>,
): Promise<void> {
  for (const { name: topic, partitions } of await local.topics.describe()) {
    for (const { partition, startOffset, endOffset } of partitions) {
      for (let offset = startOffset; offset < endOffset;) {
        const records = store.read((db) => local.readFrom(db, { topic, partition, offset }, ROWS, BYTES));
        const last = records.at(-1);
        if (!last) break;
        for (const { key, value, headers } of records) {
          for (const bytes of [key, value, ...headers.map(([, header]) => header)]) {
            counts.add(`topic ${topic}`, bytes);
          }
        }
        offset = last.offset + 1;
        await seen(records.length);
      }
    }
  }
}

async function scanTables(
  { store }: OpenData,
  counts: Counts,
  seen: (rows: number) => Promise<void>,
): Promise<void> {
  for (const { name, key } of store.read(tablesOf)) {
    const columns = key === ROWID ? "rowid" : key.map((column) => `"${column}"`).join(", ");
    const all = `SELECT ${key === ROWID ? `rowid AS "${ROWID[0]}", ` : ""}* FROM "${name}"`;
    const behind = `WHERE (${columns}) > (${key.map(() => "?").join(", ")})`;
    const order = `ORDER BY ${columns} LIMIT ${ROWS}`;
    let after: SqlValue[] = [];
    while (true) {
      const sql = `${all} ${after.length > 0 ? behind : ""} ${order}`;
      const from = after;
      const rows = store.read((db) => db.all<Record<string, SqlValue>>(sql, ...from));
      for (const row of rows) for (const value of Object.values(row)) counts.add(`table ${name}`, value);
      await seen(rows.length);
      const end = rows.at(-1);
      if (end === undefined || rows.length < ROWS) break;
      after = key.map((column) => end[column] ?? null);
    }
  }
}

/** A table and the columns that order its rows. */
interface ScannedTable {
  name: string;
  key: readonly string[];
}

/** Tables but the log's: what is in those is read by topic. */
function tablesOf(db: Reader): ScannedTable[] {
  const tables = db.all<{ name: string; wr: number }>(
    `SELECT name, wr FROM pragma_table_list
     WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
       AND name NOT LIKE 'log\\_%' ESCAPE '\\' ORDER BY name`,
  );
  return tables.map(({ name, wr }) => ({
    name,
    key: wr === 0
      ? ROWID
      : db.all<{ name: string }>("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", name)
        .map((column) => column.name),
  }));
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    // No text.
    return undefined;
  }
}
