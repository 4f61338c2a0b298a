/** The hidden command that the shells' scripts ask. */
export const COMPLETE = "__complete";

/**
 * The command line under the cursor, from the arguments of `capstan __complete`: `-- WORDS…` from shells that tell words
 * apart, `--line TEXT` from one that does not. The program's name is not among them; the last one may be empty.
 */
export function typedWords(argv: readonly string[]): string[] {
  const at = argv.indexOf("--");
  if (argv[1] === "--line" && argv[2] !== undefined) return wordsOf(argv[2]).slice(1);
  return at < 0 ? [] : argv.slice(at + 1);
}

/**
 * The words of a line as bash reads them, as far as it is typed: a quote may be open still, and blanks at the end begin
 * an empty word. Nothing is expanded.
 */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let at: string | undefined;
  for (const [piece, blank, single, double, escaped] of text.matchAll(PIECE)) {
    if (blank !== undefined) {
      if (at !== undefined) words.push(at);
      at = undefined;
    } else {
      at = (at ?? "") + (single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? piece);
    }
  }
  return [...words, at ?? ""];
}

const PIECE = /(\s+)|'([^']*)(?:'|$)|"((?:[^"\\]|\\[^]?)*)(?:"|$)|\\([^]?)|[^\s'"\\]+/g;
