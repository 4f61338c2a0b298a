/**
 * A page in roff with the macros of man(7), as groff's `man` and mandoc read them. Text is plain: `code` between
 * backquotes comes out bold.
 */
export class Roff {
  readonly #lines: string[] = [];

  /** The page's head; it must come first. `date` may be empty. */
  title(page: { name: string; section: number; date: string; source: string; manual: string }): this {
    const { name, section, date, source, manual } = page;
    // Neither stretched lines nor hyphens of the formatter's own: both spoil flags and keys.
    return this.#line(
      `.TH ${quoted(name.toUpperCase())} ${section} "${date}" ${quoted(source)} ${quoted(manual)}`,
    ).#line(".nh").#line(".ad l");
  }

  /** A heading of the first level. */
  section(name: string): this {
    return this.#line(`.SH ${quoted(name.toUpperCase())}`);
  }

  /** A heading of the second level. */
  subsection(name: string): this {
    return this.#line(`.SS ${quoted(name)}`);
  }

  /** A paragraph for each part between empty lines; other line ends are blanks. */
  paragraphs(text: string): this {
    for (const part of text.split(/\n{2,}/).filter((each) => each.trim() !== "")) {
      // A heading begins a paragraph by itself.
      if (!/^\.S[HS]/.test(this.#lines.at(-1) ?? "")) this.#line(".PP");
      this.#text(part.replaceAll("\n", " "));
    }
    return this;
  }

  /** A term in bold, and what it means, indented. */
  term(term: string, text: string): this {
    return this.#line(".TP").#line(`\\fB${escaped(term)}\\fR`).#text(text.replaceAll("\n", " "));
  }

  /** Lines as they are. */
  literal(lines: readonly string[]): this {
    if (lines.length === 0) return this;
    this.#line(".PP").#line(".RS 4").#line(".nf");
    for (const line of lines) this.#line(guarded(escaped(line)));
    return this.#line(".fi").#line(".RE");
  }

  /** The page. */
  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  #text(text: string): this {
    const parts = text.trim().split("`");
    const marked = parts.map((part, at) => at % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part)).join(
      "",
    );
    return this.#line(guarded(marked));
  }

  #line(line: string): this {
    this.#lines.push(line);
    return this;
  }
}

/** A point or an apostrophe at the start of a line would make it a request. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** Characters that roff reads, or shows as others than they are: a hyphen that may be copied is a minus. */
const NAMES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "~": "\\(ti",
  "^": "\\(ha",
};

/** What is not ASCII is written by its number, so that the page is read in any locale. */
function escaped(text: string): string {
  return text.replace(
    /[\\'`~^-]|\P{ASCII}/gu,
    (each) => NAMES[each] ?? `\\[u${(each.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}

function quoted(word: string): string {
  return `"${escaped(word).replaceAll('"', "\\(dq")}"`;
}
