import { guessDialect } from "./dialect.ts";
import { lexSql, type SqlToken } from "./lex.ts";
import { splitSql } from "./split.ts";
import { startsStatement } from "./statement_kind.ts";
import { syntaxOf } from "./syntax.ts";

/** What a text's place says of it: an argument named `sql` much, one named `query` something, any string nothing. */
export type SqlHint = "sql" | "query" | "none";

/** The first word of what can be SQL, after white space, comments and parentheses. */
const FIRST = /^(?:\s|--[^\n]*\n|\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/|\()*([a-zA-Z]+)\b/;

const NAME = String.raw`(?:[\w$#@.\-:]|"[^"\n]+"|\`[^\`\n]+\`|\[[^\]\n]+\])+`;
const ALIAS = String.raw`(?:\s+(?:as\s+)?${NAME})?`;
/** What follows the first word in each statement that is looked for. Against a text with one space between tokens. */
const SHAPES: Readonly<Record<string, RegExp>> = shapes({
  SELECT: String.raw`\S`,
  WITH: String
    .raw`(?:recursive\s+)?${NAME}\s*(?:\([^()]*\)\s*)?as\s+(?:not\s+)?(?:materialized\s+)?\(\s*(?:select|with|insert|update|delete|values|merge|\()`,
  INSERT: String
    .raw`(?:or\s+\w+\s+|ignore\s+|overwrite\s+|all\s+)*(?:(?:into|table)\s+)*(?:table\s+)?${NAME}${ALIAS}\s*(?:\(|values\b|select\b|with\b|default\s+values|set\b.*=|table\b|partition\b|on\b|output\b)`,
  REPLACE: String.raw`into\s+${NAME}\s*(?:\(|values\b|select\b|set\b.*=)`,
  UPDATE: String
    .raw`(?:or\s+\w+\s+)?(?:only\s+)?${NAME}${ALIAS}(?:\s+(?:inner\s+|left\s+)?join\s.*)?\s+set\s+\(?${NAME}.*=`,
  DELETE: String
    .raw`(?:${NAME}(?:\s*,\s*${NAME})*\s+)?from\s+(?:only\s+)?${NAME}${ALIAS}\s*(?:$|;|where\b|using\b|returning\b|(?:inner\s+|left\s+)?join\b|order\s+by\b|limit\b|output\b)`,
  MERGE: String.raw`(?:into\s+)?${NAME}${ALIAS}\s+using\b.*\son\b.*\swhen\s`,
  CREATE: String
    .raw`(?:(?:or\s+replace|temp|temporary|global|local|unlogged|transient|external|materialized|unique|recursive|virtual|volatile|secure)\s+)*(?:table\s+(?:if\s+not\s+exists\s+)?${NAME}\s*(?:\(|as\b|like\b|clone\b|using\b|partition\b)|view\s+(?:if\s+not\s+exists\s+)?${NAME}.*\sas\s+(?:\(\s*)?(?:select|with|values)\b|index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:${NAME}\s+)?on\s+${NAME}\s*(?:using\s+\w+\s*)?\(|(?:schema|database|sequence|extension|role|user)\s+(?:if\s+not\s+exists\s+)?${NAME}\s*(?:$|;)|(?:function|procedure|trigger)\s+(?:if\s+not\s+exists\s+)?${NAME}\s*(?:\(|(?:before|after|instead)\b))`,
  ALTER: String
    .raw`(?:table|view)\s+(?:if\s+exists\s+)?(?:only\s+)?${NAME}\s+(?:add|drop|rename|alter|modify|change|set|owner|enable|disable|attach|detach|cluster|swap)\s`,
  DROP: String
    .raw`(?:materialized\s+)?(?:table|view|index|schema|database|function|sequence|trigger|procedure)\s+(?:concurrently\s+)?(?:if\s+exists\s+)?${NAME}(?:\s*,\s*${NAME})*\s*(?:cascade|restrict|on\s+${NAME})?\s*(?:$|;)`,
  TRUNCATE: String
    .raw`(?:table\s+)?${NAME}(?:\s*,\s*${NAME})*\s*(?:cascade|restrict|restart\s+identity)?\s*(?:$|;)`,
  COPY: String
    .raw`(?:into\s+\S+\s*(?:\([^()]*\)\s*)?from\s+(?:@|\(|\?)|into\s+@|(?:\(.*\)|${NAME}\s*(?:\([^()]*\))?)\s+(?:from|to)\s+(?:stdin|stdout|program|\?))`,
  EXPORT: String.raw`data\s+options\s*\(`,
  VALUES: String.raw`\(.*\)\s*(?:$|;|,|order|limit)`,
});
/** Statements that say little by themselves: taken where a key or another statement of the text vouches for them. */
const WEAK =
  /^(?:explain|begin|commit|rollback|start|set|use|show|describe|desc|declare|grant|revoke|call|exec|execute|pragma|analyze|vacuum|savepoint|release|end|lock|attach|comment)\b/i;
/** Weak ones that have a shape. */
const WEAK_SHAPES =
  /^(?:show\s+(?:full\s+)?(?:tables|databases|schemas|columns|create\s+table|index(?:es)?|views|warehouses)\b|pragma\s+\w+\s*(?:\(|=|;|$)|desc(?:ribe)?\s+(?:table\s+)?[\w.]+\s*;?$|(?:grant|revoke)\s+(?:all|select|insert|update|delete|usage|execute|create|ownership|connect|role)\b.*\s(?:to|from)\s|call\s+[\w.]+\s*\(|set\s+\S+\s*(?:=|to\b)|use\s+(?:database|schema|warehouse|role)\s+\w+\s*;?$|analyze\s+[\w.]+\s*;?$|vacuum(?:\s+(?:full|analyze))*(?:\s+[\w.]+)?\s*;?$)/i;

/** Statements with nothing in them that a sentence could not have, but no words besides. */
const TO_THE_LETTER = new RegExp(
  `^(?:select\\s+(?:distinct\\s+)?${NAME}(?:\\s*,\\s*${NAME})*\\s+from\\s+${NAME}|delete\\s+from\\s+${NAME}|(?:drop|truncate)\\s+table\\s+${NAME})\\s*;?$`,
  "i",
);

/** Words of sentences that are no words of statements. */
const PROSE = new Set(
  `the an your my our his her their its this that these those please you we they should would could which what how why
   also very really about because however there here me us him them it's don't i'm let's was were been being`
    .split(/\s+/),
);
const CLAUSES =
  /\b(?:group\s+by|order\s+by|(?:inner|left|right|full|cross)\s+(?:outer\s+)?join|join\s+\S+\s+(?:\S+\s+)?(?:on|using)\b|union\s+(?:all\s+)?select|limit\s+(?:\d+|\?)|partition\s+by|is\s+(?:not\s+)?null|not\s+in\s*\(|in\s*\(|between\s+\S+\s+and)/gi;

/** How much of a text is looked at, in UTF-16 units: the expressions take time by its square at worst. */
const LOOKED_AT = 2_048;

/** Whether a text is SQL rather than prose that begins like it. Quick for what begins otherwise. */
export function looksLikeSql(text: string, hint: SqlHint = "none"): boolean {
  const first = FIRST.exec(text.slice(0, 4_096))?.[1];
  if (first === undefined) return false;
  const starts = startsStatement(first.toUpperCase());
  if (!starts && hint !== "sql") return false;
  const head = text.slice(0, LOOKED_AT);
  const tokens = lexSql(head, syntaxOf(guessDialect(head)));
  if (hint === "sql" && prose(tokens, head) === 0) {
    // What says that it is SQL may be misspelled, and still is.
    if (starts || evidence(plainOf(head, tokens), tokens, head) > 1) return true;
  }
  let strong = false;
  for (const span of splitSql(head, tokens)) {
    const verdict = judge(head, span.tokens, hint);
    if (verdict === "prose") return false;
    strong ||= verdict === "sql";
    if (strong) break;
  }
  return strong;
}

function judge(text: string, tokens: readonly SqlToken[], hint: SqlHint): "sql" | "weak" | "prose" {
  const plain = plainOf(text, tokens).replace(/^[(\s]+/, "");
  const verb = /^[a-zA-Z]+/.exec(plain)?.[0] ?? "";
  if (WEAK.test(plain)) {
    const inner = /^(?:explain|analyze|verbose|query|plan|for|\([^()]*\)|\s)+/i.exec(plain);
    if (/^explain\b/i.test(plain) && inner) {
      const rest = plain.slice(inner[0].length);
      return SHAPES[verbOf(rest)] ? weigh(rest, tokens, text, hint) : "prose";
    }
    if (WEAK_SHAPES.test(plain) && prose(tokens, text) === 0) {
      const bare = /^(?:desc|describe|analyze|vacuum)\s+[a-z]+$/i.test(plain);
      return (hint !== "none" && !bare) || verb === verb.toUpperCase() ? "sql" : "weak";
    }
    return /^(?:begin|commit|rollback|start\s+transaction|end)(?:\s+(?:transaction|work|tran))?$/i.test(
        plain,
      ) ||
        prose(tokens, text) === 0
      ? "weak"
      : "prose";
  }
  return weigh(plain, tokens, text, hint);
}

function verbOf(plain: string): string {
  return (/^[a-zA-Z]+/.exec(plain)?.[0] ?? "").toUpperCase();
}

/** Weighs what speaks for a statement against what speaks for a sentence. */
function weigh(
  plain: string,
  tokens: readonly SqlToken[],
  text: string,
  hint: SqlHint,
): "sql" | "weak" | "prose" {
  const verb = verbOf(plain);
  const shape = SHAPES[verb];
  if (!shape?.test(plain)) return "prose";
  const sentence = prose(tokens, text);
  const signs = evidence(plain, tokens, text);
  if (verb === "SELECT" && !/\sfrom\s/i.test(plain)) {
    // SELECT 1, SELECT now(): only calls, literals and lists.
    const bare = /^select\s+(?:distinct\s+)?(?:\?(?!\w)|\d+\s*(?:$|[;,+*\/-]|as\s)|[\w.]+\s*\(|case\s)/i.test(
      plain,
    );
    return bare && sentence === 0 ? "sql" : "prose";
  }
  if (sentence > 0) return signs >= 3 + sentence ? "sql" : "prose";
  return signs > 0 || (hint !== "none" && TO_THE_LETTER.test(plain)) ? "sql" : "prose";
}

/** How many words, and marks, of a sentence there are outside of quotes. */
function prose(tokens: readonly SqlToken[], text: string): number {
  let found = 0;
  for (const [index, { kind, start, end, open }] of tokens.entries()) {
    if (kind === "comment") continue;
    const piece = text.slice(start, end);
    const lower = piece.toLowerCase();
    const next = tokens[index + 1];
    if (kind === "word") {
      if (PROSE.has(lower)) found++;
      // "select a colour": an article stands before a word, a column called a before a comma, a dot or a keyword.
      if (
        lower === "a" && next?.kind === "word" &&
        !/^(?:from|as|and|or|is|in|where|on|order|group|join|left|right|inner|cross|full|limit|union|desc|asc|not|like|ilike|between|end|then|else|when|having|set|using|returning|for|natural|intersect|except|offset|lateral|qualify|window)$/i
          .test(text.slice(next.start, next.end))
      ) found++;
    } else if (kind === "text" && open && piece.startsWith("'")) found++; // an apostrophe
    else if (kind === "operator" && (piece === "!" || piece === "…" || piece === "—" || piece === "–")) {
      found++;
    } else if (kind === "parameter" && piece === "?" && next === undefined && tokens.length > 2) {
      // A question mark at the end: of a question, unless it stands for a value.
      const before = tokens[index - 1]!;
      if (
        before.kind === "word" &&
        !/^(?:limit|offset|like|ilike|and|in|values)$/i.test(text.slice(before.start, before.end))
      ) {
        found++;
      }
    } else if (
      piece === "." && (next === undefined || /\s/.test(text[end] ?? " ")) &&
      tokens[index - 1]?.kind === "word"
    ) {
      found++; // a full stop
    } else if (piece === ":" && tokens[index - 1]?.kind === "word" && /\s/.test(text[end] ?? " ")) found++;
  }
  return found;
}

/** How many different things there are that only SQL has. */
function evidence(plain: string, tokens: readonly SqlToken[], text: string): number {
  const words = tokens.filter(({ kind }) => kind === "word").map(({ start, end }) => text.slice(start, end));
  const has = (expression: RegExp) => expression.test(plain) ? 1 : 0;
  const verb = words.find((word) => startsStatement(word.toUpperCase())) ?? "";
  const capitals = verb === verb.toUpperCase() && verb !== "" &&
    words.slice(1).some((word) =>
      /^(?:FROM|INTO|SET|TABLE|AS|VIEW|INDEX|USING|WHERE|VALUES|JOIN)$/.test(word)
    );
  return (capitals ? 2 : 0) + (plain.match(CLAUSES)?.length ?? 0) +
    has(/(?:^|[\s,(.])\*(?:$|[\s,);])/) + has(/(?:<=|>=|<>|!=|[=<>])/) + has(/\w\(/) + has(/\w_\w/) +
    has(/\w\.\w/) + has(/["`]\w|\[\w/) + has(/;\s*$/) + has(/::|\|\||->/) +
    has(/\b(?:where|having)\s+\S+\s*(?:=|<|>|in\b|like\b|is\b|between\b)/i) +
    has(/\bvalues\s*\(/i) + has(/\bif\s+(?:not\s+)?exists\b/i) +
    has(/^(?:select)\s+(?:distinct\s+)?\w+(?:\s*,\s*\w+)+\s+from\b/i);
}

/** The text with one space for any gap, without comments, with `?` for texts. */
function plainOf(text: string, tokens: readonly SqlToken[]): string {
  let plain = "";
  let end = -1;
  for (const token of tokens) {
    if (token.kind === "comment") continue;
    if (end >= 0 && token.start > end) plain += " ";
    plain += token.kind === "text" ? "?" : text.slice(token.start, token.end);
    end = token.end;
  }
  return plain;
}

function shapes(bodies: Readonly<Record<string, string>>): Record<string, RegExp> {
  return Object.fromEntries(
    Object.entries(bodies).map(([verb, body]) => [verb, new RegExp(`^${verb}\\s*\\b\\s*${body}`, "is")]),
  );
}
