import process from "node:process";

/** How a command writes to its output. */
export interface Paper {
  /** Characters in a line of running text. */
  columns: number;
  /** Characters that a row of a table may have: those of the terminal, or any number where programs read. */
  room: number;
  /** Colours are wanted. */
  colours: boolean;
}

/** The paper of an output: 80 characters in a line, on a terminal up to 100, since longer ones are hard to read. */
export function paperOf(output: { isTerminal: boolean; columns: number }): Paper {
  const plain = (process.env.NO_COLOR ?? "") !== "" || process.env.TERM === "dumb";
  return {
    columns: Math.min(100, Math.max(40, output.isTerminal ? output.columns : 80)),
    room: output.isTerminal ? output.columns : Infinity,
    colours: output.isTerminal && !plain,
  };
}

/** Colours as terminals know them. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** Puts text into a colour where the paper takes it. */
export function paint(paper: Paper, colour: keyof typeof CODES, text: string): string {
  const [on, off] = CODES[colour];
  return paper.colours && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

/** Text that can't move the cursor or hide what stands before it. */
export function printable(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(/\t/g, "    ")
    .replace(/\p{Cc}/gu, (char) => char === "\n" ? char : "\ufffd");
}

/** Places a character takes on a terminal: those of East Asia and pictures two, what is put upon others none. */
function places(char: string): number {
  if (/[\p{Mn}\p{Me}\u200d\ufe0f]/u.test(char)) return 0;
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
      .test(char)
    ? 2
    : 1;
}

/** Places a text takes on a terminal. */
export function placesOf(text: string): number {
  return Array.from(text).reduce((sum, char) => sum + places(char), 0);
}

/** The beginning of a text that takes at most `width` places, and what is left of it. */
function cut(text: string, width: number): [string, string] {
  let taken = 0;
  let at = 0;
  for (const char of text) {
    taken += places(char);
    // One that is wider than the line has a line of its own.
    if (taken > width && at > 0) break;
    at += char.length;
  }
  return [text.slice(0, at), text.slice(at)];
}

/** The same on one line, cut to `width` places. */
export function oneLine(text: string, width: number): string {
  const line = printable(text).replace(/\s+/g, " ").trim();
  return placesOf(line) <= width ? line : `${width > 1 ? cut(line, width - 1)[0] : ""}…`;
}

/** Breaks text at spaces into lines of at most `width` places; what has no space is cut. Line breaks stay. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of printable(text).split("\n")) {
    let line = "";
    for (let word of paragraph.split(/(?<=\S)(?= )/)) {
      if (line !== "" && placesOf(line + word) > width) {
        lines.push(line);
        line = "";
        if (word.startsWith(" ")) word = word.slice(1);
      }
      while (placesOf(line + word) > width) {
        const [first, rest] = cut(line + word, width);
        if (rest === "") break;
        lines.push(first);
        [line, word] = ["", rest];
      }
      line += word;
    }
    lines.push(line);
  }
  return lines;
}

/** A count with its thousands apart: `12,345`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
