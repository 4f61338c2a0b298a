import { lexSql } from "./lex.ts";
import { syntaxOf } from "./syntax.ts";

/**
 * A statement with what the parser does not know written as something it does, of the same meaning for lineage;
 * `undefined` where there is nothing of that kind. Positions do not hold.
 */
export function repairSql(sql: string, dialect: string): string | undefined {
  const tokens = lexSql(sql, syntaxOf(dialect)).filter(({ kind }) => kind !== "comment");
  const texts = tokens.map(({ start, end }) => sql.slice(start, end));
  const words = texts.map((text) => text.toUpperCase());
  const edits: Edit[] = [];
  // INSERT t (…): BigQuery, T-SQL and MySQL need no INTO.
  if (words[0] === "INSERT" && tokens[1] && !INSERT_WORDS.has(words[1]!)) {
    edits.push({ start: tokens[1].start, end: tokens[1].start, by: "INTO " });
  }
  for (const [index, token] of tokens.entries()) {
    // CREATE TABLE … WITHOUT ROWID: SQLite.
    if (words[index] === "WITHOUT" && words[index + 1] === "ROWID") {
      edits.push({ start: token.start, end: tokens[index + 1]!.end, by: "" });
    }
    // SET (a, b) = (SELECT …): each is written, and what they get is read once.
    if (words[index] === "SET" && words[index + 1] === "(") {
      const close = words.indexOf(")", index);
      if (close < 0 || words[close + 1] !== "=") continue;
      const names = texts.slice(index + 2, close).join("").split(",");
      const by = names.toReversed().map((name, at) => at === names.length - 1 ? name : `${name} = NULL, `);
      edits.push({ start: tokens[index + 1]!.start, end: tokens[close]!.end, by: by.join("") });
    }
  }
  if (edits.length === 0) return undefined;
  let repaired = "";
  let from = 0;
  for (const { start, end, by } of edits) {
    repaired += sql.slice(from, start) + by;
    from = end;
  }
  return repaired + sql.slice(from);
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly by: string;
}

/** What may follow INSERT where there is an INTO, or none is needed. */
const INSERT_WORDS = new Set([
  ...[
    "INTO",
    "OVERWRITE",
    "OR",
    "IGNORE",
    "ALL",
    "FIRST",
    "LOW_PRIORITY",
    "HIGH_PRIORITY",
    "DELAYED",
    "TABLE",
  ],
]);
