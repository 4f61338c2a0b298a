import type { SqlToken } from "./lex.ts";
import { isSqlKeyword } from "./keywords.ts";

/** No space before these. */
const CLOSE = new Set([",", ")", "[", "]", ";", ".", "::"]);
/** No space after these. */
const OPEN = new Set(["(", "[", ".", "::"]);

/**
 * A statement without what changes between runs: literals and parameters become `?`, keywords are in capitals,
 * comments go, white space is one space or none. Normalising what is normalised changes nothing.
 */
export function normaliseSql(text: string, tokens: readonly SqlToken[]): string {
  let normalised = "";
  let before = "";
  for (const token of tokens) {
    if (token.kind === "comment") continue;
    const piece = pieceOf(text.slice(token.start, token.end), token);
    if (before !== "" && spaced(before, piece)) normalised += " ";
    normalised += piece;
    before = piece;
  }
  return normalised;
}

function pieceOf(raw: string, { kind }: SqlToken): string {
  switch (kind) {
    case "text":
    case "number":
    case "parameter":
      return "?";
    case "word":
      return isSqlKeyword(raw.toUpperCase()) ? raw.toUpperCase() : raw;
    default:
      return raw;
  }
}

function spaced(before: string, piece: string): boolean {
  // Two brackets of names in a row would read as one escaped, colons in a row would be cut otherwise.
  if (piece === "]" && before.endsWith("]")) return true;
  if (piece.startsWith(":") && before.endsWith(":")) return true;
  if (CLOSE.has(piece) || OPEN.has(before)) return false;
  if (piece === "(") return isSqlKeyword(before) && !FUNCTIONS.test(before);
  return true;
}

/** Keywords that are called. */
const FUNCTIONS =
  /^(?:COUNT|SUM|AVG|MIN|MAX|COALESCE|CAST|NULLIF|EXTRACT|SUBSTRING|LOWER|UPPER|ROUND|ABS|LENGTH|NOW|CONCAT|TRIM|IFNULL|ROW_NUMBER|RANK|DENSE_RANK|LAG|LEAD|UNNEST|DATE|TIMESTAMP|IF|REPLACE)$/;
