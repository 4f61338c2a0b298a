/** SQL in a command line. */
export interface ShellSql {
  text: string;
  /** The dialect of the program it is handed to, where that has one. */
  dialect: string;
}

/** A program that takes SQL, and how. */
interface Client {
  readonly dialect: string;
  /** Options whose value is SQL. */
  readonly sql: RegExp;
  /** Options that take a value which is none. */
  readonly values?: RegExp;
  /** SQL is an argument: the last, or all beyond the first. */
  readonly argument?: "last" | "rest";
  /** Its first argument must be this. */
  readonly verb?: string;
}

const NONE = /^$/;
const CLIENTS: Readonly<Record<string, Client>> = {
  psql: { dialect: "postgresql", sql: /^(?:-[a-zA-Z]*c|--command)$/ },
  mysql: { dialect: "mysql", sql: /^(?:-e|--execute)$/ },
  mariadb: { dialect: "mysql", sql: /^(?:-e|--execute)$/ },
  sqlite3: {
    dialect: "sqlite",
    sql: /^-{1,2}cmd$/,
    values: /^-{1,2}(?:init|separator|nullvalue|newline|maxsize|vfs)$/,
    argument: "rest",
  },
  duckdb: { dialect: "duckdb", sql: /^(?:-c|-s|-cmd)$/, values: /^-init$/, argument: "rest" },
  bq: { dialect: "bigquery", sql: NONE, argument: "last", verb: "query" },
  snowsql: { dialect: "snowflake", sql: /^(?:-q|--query)$/ },
  snow: { dialect: "snowflake", sql: /^(?:-q|--query)$/, verb: "sql" },
  "clickhouse-client": { dialect: "clickhouse", sql: /^(?:-q|--query)$/ },
  sqlcmd: { dialect: "tsql", sql: /^-[qQ]$/ },
  trino: { dialect: "trino", sql: /^--execute$/ },
  cockroach: { dialect: "cockroachdb", sql: /^(?:-e|--execute)$/, verb: "sql" },
};

const NAMED = new RegExp(`(?:^|[\\s/;&|('"\`$])(?:${Object.keys(CLIENTS).join("|")})\\s`);

/** At least two words, and no command of the client's own, as `.schema users` or `\\d users`. */
const STATEMENTS = /^\s*[^\s.\\]+\s+\S/;

/** Longer ones are not looked into, in UTF-16 units. */
const MOST = 65_536;

/** Whether a text may hold a command that {@link shellSql} finds SQL in. Cheap. */
export function mayRunSql(text: string): boolean {
  return text.length <= MOST && NAMED.test(text);
}

/**
 * The SQL that a command line hands to clients of databases: as the value of an option (`psql -c`), as an argument
 * (`sqlite3 FILE SQL`), as a here-document, or by a pipe from `echo`.
 */
export function shellSql(text: string): ShellSql[] {
  if (!mayRunSql(text)) return [];
  const { commands } = commandsOf(text);
  return commands.flatMap((command, at) => {
    const start = command.words.findIndex((word) => nameOf(word) in CLIENTS);
    const client = CLIENTS[nameOf(command.words[start] ?? "")];
    // Before it stand sudo, docker exec, env and such; in a text that only names it, words of sentences.
    if (client === undefined) return [];
    const before = command.piped ? commands[at - 1] : undefined;
    const said = before?.words[0] === "echo" ? [before.words.slice(1).join(" ")] : [];
    return [...sqlOf(client, command.words.slice(start + 1)), ...command.documents, ...said]
      .filter((sql) => STATEMENTS.test(sql)).map((sql) => ({ text: sql, dialect: client.dialect }));
  });
}

function nameOf(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}

function sqlOf({ sql, values = NONE, argument, verb }: Client, words: readonly string[]): string[] {
  if (verb !== undefined && !words.includes(verb)) return [];
  const found: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [, name = "", value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
    if (value !== undefined) {
      if (sql.test(name)) found.push(value);
    } else if (sql.test(word)) found.push(words[++at] ?? "");
    else if (values.test(word)) at++;
    else if (!word.startsWith("-")) rest.push(word);
  }
  if (argument === "rest") found.push(...rest.slice(1));
  if (argument === "last" && rest.length > 1) found.push(rest.at(-1) ?? "");
  return found;
}

interface Command {
  words: string[];
  /** What here-documents and here-strings give it. */
  documents: string[];
  /** It reads what the command before it writes. */
  piped: boolean;
}

/** The commands of a line, words without their quotes. Variables and substitutions stay as they are written. */
function commandsOf(text: string): { commands: Command[] } {
  const commands: Command[] = [];
  let command: Command = { words: [], documents: [], piped: false };
  const end = (piped = false) => {
    if (command.words.length > 0) commands.push(command);
    command = { words: [], documents: [], piped };
  };
  let at = 0;
  let waiting: { mark: string; of: Command }[] = [];
  while (at < text.length) {
    const char = text[at] ?? "";
    if (char === "\n") {
      at++;
      for (const { mark, of } of waiting) at = document(text, at, mark, of);
      waiting = [];
      end();
    } else if (/\s/.test(char)) at++;
    else if (char === "\\" && text[at + 1] === "\n") at += 2;
    else if (text.startsWith("<<<", at)) {
      const word = wordAt(text, skipBlanks(text, at + 3));
      command.documents.push(word.word);
      at = word.end;
    } else if (text.startsWith("<<", at)) {
      const word = wordAt(text, skipBlanks(text, text[at + 2] === "-" ? at + 3 : at + 2));
      waiting.push({ mark: word.word, of: command });
      at = word.end;
    } else if (/[;&|()]/.test(char)) {
      const piped = char === "|" && text[at + 1] !== "|";
      at += text[at + 1] === char ? 2 : 1;
      end(piped);
    } else if (char === "#") at = lineEnd(text, at);
    else {
      const word = wordAt(text, at);
      command.words.push(word.word);
      at = word.end;
    }
  }
  end();
  return { commands };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t") at++;
  return at;
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 ? text.length : at;
}

/** Takes a here-document that begins at `from`; gives where the text goes on. */
function document(text: string, from: number, mark: string, of: Command): number {
  for (let at = from; at < text.length;) {
    const end = lineEnd(text, at);
    if (text.slice(at, end).trim() === mark) {
      of.documents.push(text.slice(from, at));
      return end + 1;
    }
    at = end + 1;
  }
  of.documents.push(text.slice(from));
  return text.length;
}

/** The word that begins at `from`, with its quotes taken away. Always at least one character long. */
function wordAt(text: string, from: number): { word: string; end: number } {
  let word = "";
  let at = from;
  for (; at < text.length; at++) {
    const char = text[at] ?? "";
    if (char === "'") {
      const end = text.indexOf("'", at + 1);
      word += text.slice(at + 1, end < 0 ? text.length : end);
      at = end < 0 ? text.length : end;
    } else if (char === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) {
        if (text[at] === "\\" && /["\\$`\n]/.test(text[at + 1] ?? "")) at++;
        word += text[at] ?? "";
      }
    } else if (char === "\\") word += text[++at] ?? "";
    else if (/[\s;&|()<>]/.test(char) && at > from) break;
    else word += char;
  }
  return { word, end: Math.max(at, from + 1) };
}
