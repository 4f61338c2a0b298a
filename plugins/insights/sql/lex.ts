import type { SqlSyntax } from "./syntax.ts";

/** What a token is. */
export type SqlTokenKind =
  | "word" // keywords, plain names, @variables
  | "name" // "…", `…`, […]
  | "text" // '…', $$…$$, X'…'
  | "number"
  | "parameter" // ?, $1, :name, %s, %(name)s
  | "operator" // one character or more
  | "comment";

/** A piece of SQL. White space is what lies between pieces. */
export interface SqlToken {
  readonly kind: SqlTokenKind;
  /** Position of the first UTF-16 unit. */
  readonly start: number;
  /** Position behind the last. */
  readonly end: number;
  /** A text, name or comment that the end of the input cut off. */
  readonly open?: true;
}

const SPACE = /\s+/y;
const WORD = /[\p{L}_#\p{M}][\p{L}\p{N}\p{M}_$#]*/uy;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y;
const PARAMETER = /\?\d*(?![|&?])|\$\d+|(?<![:\p{L}\p{N}_\])"`]):[\p{L}_][\p{L}\p{N}_]*|%s\b|%\(\w+\)s/uy;
/** Variables and stages: they are named, so they stay in what is normalised. */
const VARIABLE = /@@?[\p{L}_~%][\p{L}\p{N}_$%]*/uy;
const DOLLAR = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const TEXT_PREFIX = /^(?:e|n|b|x|r|u&|rb|br)$/i;
/** The longest first. */
const OPERATOR =
  /->>|#>>|<=>|!~~\*|!~\*|<->|\|\|\/|::|:=|=>|->|#>|<=|>=|<>|!=|\|\||&&|@>|<@|~\*|!~|\?\||\?&|==|<<|>>|\*\*|[\s\S]/uy;

/** The tokens of a text, in order. Never throws, whatever the text; takes time in proportion to its length. */
export function lexSql(text: string, syntax: SqlSyntax): SqlToken[] {
  const tokens: SqlToken[] = [];
  for (let at = 0; at < text.length;) {
    const gap = ends(SPACE, text, at);
    if (gap > at) {
      at = gap;
      continue;
    }
    const token = tokenAt(text, at, syntax);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(text: string, start: number, syntax: SqlSyntax): SqlToken {
  const char = text[start]!;
  const next = text[start + 1];
  if (char === "-" && next === "-") return lineComment(text, start);
  if (char === "#" && syntax.hashComment) return lineComment(text, start);
  if (char === "/" && next === "/" && syntax.slashComment) return lineComment(text, start);
  if (char === "/" && next === "*") return blockComment(text, start, syntax);
  if (char === "'" || char === '"' || char === "`") return quoted(text, start, start, syntax);
  if (char === "[" && syntax.brackets) return bracketed(text, start);
  if (char === "$" && syntax.dollarQuotes) {
    const tag = ends(DOLLAR, text, start);
    if (tag > start) return dollarQuoted(text, start, tag);
  }
  const parameter = ends(PARAMETER, text, start);
  if (parameter > start) return { kind: "parameter", start, end: parameter };
  const variable = ends(VARIABLE, text, start);
  if (variable > start) return { kind: "word", start, end: variable };
  const number = ends(NUMBER, text, start);
  if (number > start) return { kind: "number", start, end: number };
  const word = ends(WORD, text, start);
  if (word > start && (char !== "#" || word > start + 1)) {
    // E'…', X'…', U&'…': one text together with its prefix.
    if (word - start <= 2) {
      const quote = text[word] === "&" && text[word + 1] === "'" ? word + 1 : word;
      if (text[quote] === "'" && TEXT_PREFIX.test(text.slice(start, quote))) {
        return quoted(text, start, quote, syntax);
      }
    }
    return { kind: "word", start, end: word };
  }
  return { kind: "operator", start, end: Math.max(ends(OPERATOR, text, start), start + 1) };
}

/** Where the match of a sticky expression at a position ends; the position itself where there is none. */
function ends(expression: RegExp, text: string, at: number): number {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex : at;
}

function lineComment(text: string, start: number): SqlToken {
  const end = text.indexOf("\n", start);
  return { kind: "comment", start, end: end < 0 ? text.length : end };
}

function blockComment(text: string, start: number, syntax: SqlSyntax): SqlToken {
  let depth = 1;
  for (let at = start + 2; at < text.length;) {
    const close = text.indexOf("*/", at);
    if (close < 0) break;
    const open = syntax.nestedComments ? text.indexOf("/*", at) : -1;
    if (open >= 0 && open < close) {
      depth++;
      at = open + 2;
      continue;
    }
    depth--;
    at = close + 2;
    if (depth === 0) return { kind: "comment", start, end: at };
  }
  return { kind: "comment", start, end: text.length, open: true };
}

/** A text or a name from its quote at `quote`; a prefix may stand before it. */
function quoted(text: string, start: number, quote: number, syntax: SqlSyntax): SqlToken {
  const char = text[quote]!;
  const kind = char === "'" || (char === '"' && syntax.doubleIsText) ? "text" : "name";
  const prefix = text.slice(start, quote).toLowerCase();
  const raw = prefix.includes("r");
  const backslash = kind === "text" && !raw && (syntax.backslash || prefix === "e");
  if (syntax.tripleQuotes && kind === "text" && text.startsWith(char.repeat(3), quote)) {
    return upTo(text, { start, from: quote + 3, mark: char.repeat(3), kind, backslash });
  }
  for (let at = quote + 1; at < text.length; at++) {
    const here = text[at];
    if (backslash && here === "\\") at++;
    else if (here === char) {
      if (text[at + 1] !== char) return { kind, start, end: at + 1 };
      at++;
    }
  }
  return { kind, start, end: text.length, open: true };
}

function bracketed(text: string, start: number): SqlToken {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] !== "]") continue;
    if (text[at + 1] !== "]") return { kind: "name", start, end: at + 1 };
    at++;
  }
  return { kind: "name", start, end: text.length, open: true };
}

function dollarQuoted(text: string, start: number, from: number): SqlToken {
  return upTo(text, { start, from, mark: text.slice(start, from), kind: "text", backslash: false });
}

interface Search {
  start: number;
  from: number;
  mark: string;
  kind: SqlTokenKind;
  backslash: boolean;
}

function upTo(text: string, { start, from, mark, kind, backslash }: Search): SqlToken {
  for (let at = from; at < text.length;) {
    const close = text.indexOf(mark, at);
    if (close < 0) break;
    if (!backslash || !escaped(text, from, close)) return { kind, start, end: close + mark.length };
    at = close + 1;
  }
  return { kind, start, end: text.length, open: true };
}

function escaped(text: string, from: number, at: number): boolean {
  let slashes = 0;
  while (at - slashes - 1 >= from && text[at - slashes - 1] === "\\") slashes++;
  return slashes % 2 === 1;
}
