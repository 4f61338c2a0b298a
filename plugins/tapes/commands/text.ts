import process from "node:process";

/** How a command writes to its output. */
export interface Paper {
  /** Characters in a line. */
  columns: number;
  /** Colours are wanted. */
  colours: boolean;
}

/** The paper of an output: at most 100 characters in a line, since longer ones are hard to read. */
export function paperOf(output: { isTerminal: boolean; columns: number }): Paper {
  const plain = (process.env.NO_COLOR ?? "") !== "" || process.env.TERM === "dumb";
  return {
    columns: Math.min(100, Math.max(40, output.isTerminal ? output.columns : 100)),
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

/** The same on one line, cut to `length` characters. */
export function oneLine(text: string, length: number): string {
  const chars = Array.from(printable(text).replace(/\s+/g, " ").trim());
  return chars.length <= length ? chars.join("") : `${chars.slice(0, Math.max(0, length - 1)).join("")}…`;
}

/** Breaks text at spaces into lines of at most `width` characters; what has no space is cut. Line breaks stay. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of printable(text).split("\n")) {
    let line: string[] = [];
    for (const word of paragraph.split(/(?<=\S)(?= )/)) {
      let chars = Array.from(word);
      if (line.length + chars.length > width && line.length > 0) {
        lines.push(line.join(""));
        line = [];
        if (chars[0] === " ") chars = chars.slice(1);
      }
      while (line.length + chars.length > width) {
        lines.push([...line, ...chars.slice(0, width - line.length)].join(""));
        chars = chars.slice(width - line.length);
        line = [];
      }
      line.push(...chars);
    }
    lines.push(line.join(""));
  }
  return lines;
}

/** A count with its thousands apart: `12,345`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
