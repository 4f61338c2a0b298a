import { hash } from "node:crypto";
import { dialectNamed, guessDialect } from "./dialect.ts";
import { lexSql } from "./lex.ts";
import { Lineage } from "./lineage.ts";
import { normaliseSql } from "./normalise.ts";
import { loadSqlParser, type SqlParse, type SqlParser } from "./parser.ts";
import { repairSql } from "./repair.ts";
import { splitSql, type SqlSpan } from "./split.ts";
import { kindByWords } from "./statement_kind.ts";
import { StatementReader } from "./statement_reader.ts";
import type { SqlFault, SqlKind, SqlStatement } from "./statement.ts";
import { syntaxOf } from "./syntax.ts";
import { expression } from "./tree.ts";
import { explainPrefix, tooDeep, wordsOf } from "./words.ts";

/** How an analyser goes about it. */
export interface SqlAnalyserOptions {
  /** Every text is of this dialect; without it each text's is guessed. */
  dialect?: string;
  /** A longer text is not split or parsed, in bytes of UTF-8. Default 262,144. */
  maxBytes?: number;
  /** Statements of one text beyond these are counted only. Default 100. */
  maxStatements?: number;
}

/** What a text gave. */
export interface SqlAnalysis {
  /** In the order of the text. */
  statements: SqlStatement[];
  /** How many more there are beyond `maxStatements`. */
  omitted: number;
}

/** Reads SQL. Keeps the parser, which it loads when the first text comes. */
export interface SqlAnalyser extends Disposable {
  /**
   * The statements of a text, with what they read and write. The same text gives the same answer.
   *
   * Never rejects: what can't be parsed says so in its statement, and so does a parser that can't be loaded.
   * @param dialect of this text, if known: it goes before guessing, and after the analyser's own.
   */
  analyse(text: string, dialect?: string): Promise<SqlAnalysis>;
  /** Lets go of the parser. Safe twice; a later text loads it anew. */
  [Symbol.dispose](): void;
}

/** Tried in this order where the dialect is guessed and does not parse. */
const FALLBACKS = ["generic", "postgresql", "mysql", "bigquery", "snowflake", "tsql"];

/** An analyser of SQL; nothing is loaded yet. */
export function openSqlAnalyser(options: SqlAnalyserOptions = {}): SqlAnalyser {
  const { maxBytes = 262_144, maxStatements = 100 } = options;
  const set = options.dialect === undefined ? undefined : dialectNamed(options.dialect);
  let loading: Promise<SqlParser> | undefined;
  const parser = async (): Promise<SqlParser | Error> => {
    try {
      return await (loading ??= loadSqlParser());
    } catch (cause) {
      loading = undefined;
      return new Error("the parser can't be loaded", { cause });
    }
  };
  return {
    async analyse(text, dialect) {
      const known = set ?? (dialect === undefined ? undefined : dialectNamed(dialect));
      const bytes = Buffer.byteLength(text);
      if (bytes > maxBytes) {
        const reason = `a text of ${bytes} bytes; ${maxBytes} are the most that are read`;
        return { statements: [unread(text, known ?? guessDialect(text), reason)], omitted: 0 };
      }
      const guessed = known ?? guessDialect(text);
      const spans = splitSql(text, lexSql(text, syntaxOf(guessed)));
      if (spans.length === 0) return { statements: [], omitted: 0 };
      const loaded = await parser();
      const statements = spans.slice(0, maxStatements)
        .map((span) => statementOf(text, span, { loaded, dialect: guessed, sure: known !== undefined }));
      return { statements, omitted: Math.max(0, spans.length - maxStatements) };
    },
    [Symbol.dispose]() {
      loading = undefined;
    },
  };
}

/** Kinds whose words say enough. */
const NO_TABLES: ReadonlySet<SqlKind> = new Set(["set", "show", "transaction", "call", "grant"]);

interface Means {
  loaded: SqlParser | Error;
  dialect: string;
  /** The dialect is known: no other is tried. */
  sure: boolean;
}

function statementOf(text: string, span: SqlSpan, { loaded, dialect, sure }: Means): SqlStatement {
  const sql = text.slice(span.start, span.end);
  const tokens = span.tokens;
  const normalised = normaliseSql(text, tokens);
  const words = wordsOf(text, tokens);
  const base = {
    text: sql,
    start: span.start,
    normalised,
    hash: hash("sha256", normalised.toWellFormed()),
  };
  const prefix = explainPrefix(text, tokens);
  const body = withoutHashes(text, prefix?.start ?? span.start, span);
  const shift = prefix === undefined ? 0 : prefix.start - span.start;
  const fail = (fault: SqlFault, by = dialect): SqlStatement => ({
    ...base,
    kind: kindByWords(words),
    dialect: by,
    parsed: false,
    fault,
    reads: [],
    writes: [],
    unattributed: [],
  });
  const deep = tooDeep(text, tokens);
  if (deep !== undefined) return fail({ reason: deep });
  if (loaded instanceof Error) return fail({ reason: loaded.message });
  const known = loaded.dialects.has(dialect) ? dialect : "generic";
  let first: (SqlParse & { ok: false }) | undefined;
  for (const tried of sure ? [known] : new Set([known, ...FALLBACKS])) {
    let parse = loaded.parse(body, tried);
    if (!parse.ok) {
      first ??= parse;
      const repaired = repairSql(body, tried);
      if (repaired !== undefined) parse = loaded.parse(repaired, tried);
      if (!parse.ok) continue;
    }
    const lineage = new Lineage();
    let kind: SqlKind | undefined;
    for (const tree of parse.statements) {
      const read = new StatementReader(lineage, tried).read(tree);
      kind ??= read;
    }
    // What the parser took for an expression or a bare command is understood by its words alone.
    const byWords = kindByWords(words);
    if (kind === undefined && !(isCommand(parse.statements) || NO_TABLES.has(byWords))) {
      first ??= { ok: false, reason: "not a statement that the parser knows", offset: 0 };
      continue;
    }
    const executed = prefix === undefined || prefix.executes;
    return {
      ...base,
      kind: prefix === undefined ? kind ?? byWords : "explain",
      dialect: tried,
      parsed: true,
      reads: lineage.reads,
      writes: executed ? lineage.writes : [],
      unattributed: lineage.unattributed,
    };
  }
  return fail(faultOf(first, sql, shift), known);
}

/** The text of a span from `start` on, with blanks for comments of `#`, which the parser does not know in MySQL. */
function withoutHashes(text: string, start: number, { end, tokens }: SqlSpan): string {
  let body = "";
  let from = start;
  for (const token of tokens) {
    if (token.kind !== "comment" || text[token.start] !== "#" || token.start < from) continue;
    // As many code points, so that positions hold.
    body += text.slice(from, token.start) + text.slice(token.start, token.end).replaceAll(/./gsu, " ");
    from = token.end;
  }
  return body + text.slice(from, end);
}

/** A statement of a text that is too long to be read. */
function unread(text: string, dialect: string, reason: string): SqlStatement {
  const head = text.slice(0, 1_024);
  return {
    text,
    start: 0,
    kind: kindByWords(wordsOf(head, lexSql(head, syntaxOf(dialect)))),
    dialect,
    parsed: false,
    fault: { reason },
    reads: [],
    writes: [],
    unattributed: [],
    normalised: text,
    hash: hash("sha256", text.toWellFormed()),
  };
}

function isCommand(trees: readonly unknown[]): boolean {
  return trees.length > 0 &&
    trees.every((tree) => ["command", "raw"].includes(expression(tree)?.type ?? ""));
}

function faultOf(parse: (SqlParse & { ok: false }) | undefined, sql: string, shift: number): SqlFault {
  const reason = parse?.reason ?? "unknown";
  if (parse?.offset === undefined) return { reason };
  const offset = Math.min(sql.length, shift + unitsOf(sql.slice(shift), parse.offset));
  const before = sql.slice(0, offset);
  const line = before.split("\n").length;
  return { reason, offset, line, column: offset - before.lastIndexOf("\n") };
}

/** The UTF-16 units that so many code points take. */
function unitsOf(text: string, points: number): number {
  let units = 0;
  for (let left = points; left > 0 && units < text.length; left--) {
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  }
  return units;
}
