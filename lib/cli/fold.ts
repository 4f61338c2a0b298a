import { stripVTControlCharacters } from "node:util";

/** Breaks a line at spaces so that each part has at most `columns` characters as shown; a word is never broken. */
export function fold(line: string, columns: number): string[] {
  const lines: string[] = [];
  let at = "";
  for (const word of line.split(/(?<=\S)(?= )/)) {
    if (at.trim() !== "" && widthOf(at + word) > columns) {
      lines.push(at);
      at = word.trimStart();
    } else at += word;
  }
  return [...lines, at];
}

/** A line and what of it doesn't fit, indented below it. */
export function folded(line: string, columns: number, indent = 2): string {
  const [first = "", ...more] = fold(line, columns);
  if (more.length === 0) return first;
  const blanks = " ".repeat(indent);
  const rest = line.slice(first.length).trimStart();
  return [first, ...fold(rest, columns - indent).map((part) => blanks + part)].join("\n");
}

/** Characters as shown: colour codes take no room. */
export function widthOf(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
