import type { SqlToken } from "./lex.ts";

/** Where a statement is in its text: from its first token to the last, without the delimiter. */
export interface SqlSpan {
  readonly start: number;
  readonly end: number;
  /** Its tokens, comments inside it among them. */
  readonly tokens: readonly SqlToken[];
}

/** Words after CREATE that may have a body of statements. */
const ROUTINES = new Set(["PROCEDURE", "PROC", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE", "TASK"]);
/** Words that may follow CREATE before what is created. */
const CREATE_WORDS = /^(?:OR|REPLACE|ALTER|TEMP|TEMPORARY|DEFINER|CONSTRAINT|AGGREGATE|EDITIONABLE|SECURE)$/;
/** What follows BEGIN where it starts a transaction. */
const TRANSACTION = /^(?:TRANSACTION|TRAN|WORK|DEFERRED|IMMEDIATE|EXCLUSIVE|ISOLATION|READ|NOT|CONCURRENT)$/;
/** Words that follow END where it closes something else than BEGIN. */
const CLOSED = /^(?:IF|LOOP|WHILE|REPEAT|FOR|CASE)$/;
const SCRIPT_STARTS = /^(?:IF|WHILE|LOOP|FOR|REPEAT|CASE)$/;

/**
 * The statements of a text: split at semicolons, at a client's DELIMITER and at lines that say GO, but not inside the
 * bodies of routines and blocks (BEGIN … END, IF … END IF, LOOP …). Comments before and after a statement are left out.
 */
export function splitSql(text: string, tokens: readonly SqlToken[]): SqlSpan[] {
  return new Splitter(text, tokens).split();
}

class Splitter {
  readonly #text: string;
  readonly #tokens: readonly SqlToken[];
  readonly #spans: SqlSpan[] = [];
  #from = 0;
  #delimiter = ";";

  constructor(text: string, tokens: readonly SqlToken[]) {
    this.#text = text;
    this.#tokens = tokens;
  }

  split(): SqlSpan[] {
    let body = new Body(false);
    let fresh = true;
    for (let index = 0; index < this.#tokens.length; index++) {
      const token = this.#tokens[index]!;
      if (token.kind === "comment") continue;
      const word = this.#word(index);
      if (fresh && word === "DELIMITER") {
        index = this.#setDelimiter(index);
        continue;
      }
      if (word === "GO" && this.#aloneInItsLine(token)) {
        // GO 5 runs what stands before it five times.
        const last = this.#tokens[index + 1]?.kind === "number" ? index + 1 : index;
        this.#close(index, last + 1);
        index = last;
        [fresh, body] = [true, new Body(false)];
        continue;
      }
      const width = this.#delimiterAt(index);
      if (width > 0 && (!body.inside || this.#delimiter !== ";")) {
        this.#close(index, index + width);
        index += width - 1;
        [fresh, body] = [true, new Body(false)];
        continue;
      }
      if (fresh) body = new Body(this.#isScript(index));
      fresh = false;
      const next = this.#wordBehind(index);
      const semicolon = this.#text[token.start] === ";";
      body.see(word, next.word, { semicolon, call: next.paren });
    }
    this.#close(this.#tokens.length, this.#tokens.length);
    return this.#spans;
  }

  /** Everything from the last delimiter up to here is a statement, if it has more than comments in it. */
  #close(index: number, next: number): void {
    let [first, last] = [this.#from, index - 1];
    while (first <= last && this.#tokens[first]!.kind === "comment") first++;
    while (last >= first && this.#tokens[last]!.kind === "comment") last--;
    if (first <= last) {
      const tokens = this.#tokens.slice(first, last + 1);
      this.#spans.push({ start: tokens[0]!.start, end: tokens.at(-1)!.end, tokens });
    }
    this.#from = next;
  }

  /** The word at an index, in capitals; "" for anything else. */
  #word(index: number): string {
    const token = this.#tokens[index];
    return token?.kind === "word" ? this.#text.slice(token.start, token.end).toUpperCase() : "";
  }

  #wordBehind(index: number): { word: string; paren: boolean } {
    let next = index + 1;
    while (this.#tokens[next]?.kind === "comment") next++;
    const token = this.#tokens[next];
    return { word: this.#word(next), paren: token !== undefined && this.#text[token.start] === "(" };
  }

  #setDelimiter(index: number): number {
    const { end } = this.#tokens[index]!;
    const eol = this.#text.indexOf("\n", end);
    const line = this.#text.slice(end, eol < 0 ? undefined : eol).trim();
    if (line !== "") this.#delimiter = line;
    while ((this.#tokens[index + 1]?.start ?? Infinity) < (eol < 0 ? Infinity : eol)) index++;
    this.#from = index + 1;
    return index;
  }

  /** How many tokens the delimiter takes here; 0 where it is not here. */
  #delimiterAt(index: number): number {
    const { start } = this.#tokens[index]!;
    if (!this.#text.startsWith(this.#delimiter, start)) return 0;
    let width = 0;
    while ((this.#tokens[index + width]?.start ?? Infinity) < start + this.#delimiter.length) width++;
    return width;
  }

  #aloneInItsLine({ start, end }: SqlToken): boolean {
    const before = this.#text.lastIndexOf("\n", start - 1);
    const after = this.#text.indexOf("\n", end);
    const rest = this.#text.slice(end, after < 0 ? undefined : after);
    return (start === 0 || this.#text.slice(before + 1, start).trim() === "") && /^\s*\d*\s*$/.test(rest);
  }

  /** Whether the statement that starts here may have statements inside. */
  #isScript(index: number): boolean {
    const word = this.#word(index);
    if (word === "BEGIN") {
      const next = this.#wordBehind(index);
      const token = this.#tokens.slice(index + 1).find(({ kind }) => kind !== "comment");
      const ends = token === undefined || this.#text[token.start] === ";";
      return !ends && !TRANSACTION.test(next.word);
    }
    if (SCRIPT_STARTS.test(word) || word === "DECLARE") return true;
    if (word !== "CREATE" && word !== "ALTER") return false;
    for (let next = index + 1; next < index + 12; next++) {
      const found = this.#word(next);
      if (ROUTINES.has(found)) return true;
      if (found !== "" && !CREATE_WORDS.test(found) && !/DEFINER/.test(this.#word(next - 2))) return false;
    }
    return false;
  }
}

/** How deep inside blocks a place is. */
class Body {
  #depth = 0;
  readonly #script: boolean;
  #start = true;
  #ended = false;
  #pending: { word: string; depth: number } | undefined;

  constructor(script: boolean) {
    this.#script = script;
  }

  get inside(): boolean {
    return this.#depth > 0;
  }

  see(word: string, next: string, { semicolon, call }: { semicolon: boolean; call: boolean }): void {
    if (!this.#script) return;
    const start = this.#start;
    const ended = this.#ended;
    this.#start = semicolon || /^(?:BEGIN|THEN|ELSE|DO|LOOP|AS|IS)$/.test(word);
    this.#ended = word === "END" && CLOSED.test(next);
    if (ended) return; // the IF of END IF
    if (word === "BEGIN" && !TRANSACTION.test(next)) this.#depth++;
    else if (word === "CASE" || word === "LOOP") this.#open();
    else if (word === "REPEAT" && start && !call) this.#open();
    else if (word === "END") this.#depth = Math.max(0, this.#depth - 1);
    else if (start && /^(?:IF|WHILE|FOR)$/.test(word)) this.#pending = { word, depth: this.#depth };
    else if (this.#pending?.depth === this.#depth && word === (this.#pending.word === "IF" ? "THEN" : "DO")) {
      this.#open();
    }
  }

  #open(): void {
    this.#depth++;
    this.#pending = undefined;
  }
}
