import { isSqlKeyword } from "./keywords.ts";
import type { SqlToken } from "./lex.ts";

/** A word of a statement. */
export interface SqlWord {
  /** In capitals. */
  readonly word: string;
  /** How many parentheses it stands in. */
  readonly depth: number;
  /** Where it starts in the text. */
  readonly start: number;
}

/** The words of a statement, in order. */
export function wordsOf(text: string, tokens: readonly SqlToken[]): SqlWord[] {
  const words: SqlWord[] = [];
  let depth = 0;
  for (const { kind, start, end } of tokens) {
    if (kind === "word") words.push({ word: text.slice(start, end).toUpperCase(), depth, start });
    else if (kind === "operator" && text[start] === "(") depth++;
    else if (kind === "operator" && text[start] === ")") depth--;
  }
  return words;
}

/** What can be explained. */
const EXPLAINED = new Set(
  ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "CREATE", "VALUES", "TABLE"],
);

/** Where the statement begins that an EXPLAIN explains, and whether it is run for that. */
export function explainPrefix(
  text: string,
  tokens: readonly SqlToken[],
): { start: number; executes: boolean } | undefined {
  const words = wordsOf(text, tokens);
  if (words[0]?.word !== "EXPLAIN" && words[0]?.word !== "DESCRIBE") return undefined;
  // Options stand in parentheses or bare; what is explained may stand in parentheses too.
  const found = words.slice(1).find(({ word }) => EXPLAINED.has(word));
  if (found === undefined) return undefined;
  const before = words.slice(1).filter(({ start }) => start < found.start);
  let start = found.start;
  for (let at = start - 1; found.depth > 0 && at > 0 && /[\s(]/.test(text[at]!); at--) {
    if (text[at] === "(") start = at;
  }
  return { start, executes: before.some(({ word }) => word === "ANALYZE") };
}

/** Brackets in brackets, and operators in a row: the parser refuses fewer, but overflows its stack on many more. */
const DEEPEST = 600;

/** Why a statement is nested too deep to be given to the parser; `undefined` where it is not. */
export function tooDeep(text: string, tokens: readonly SqlToken[]): string | undefined {
  let depth = 0;
  let row = 0;
  for (const { kind, start, end } of tokens) {
    if (kind === "word" && isSqlKeyword(text.slice(start, end).toUpperCase())) row = 0;
    if (kind !== "operator") continue;
    const char = text[start];
    if (char === "(" || char === "[" || char === "{") depth++;
    else if (char === ")" || char === "]" || char === "}") depth--;
    row = char === "," || char === ";" ? 0 : row + 1;
    if (depth > DEEPEST || row > DEEPEST) return `nested too deep: ${DEEPEST} levels are the most`;
  }
  return undefined;
}
