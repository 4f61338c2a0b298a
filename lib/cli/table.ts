import { stripVTControlCharacters } from "node:util";

/** Rows in aligned columns, two spaces between; columns of numbers alone are aligned right. No trailing blanks. */
export function table(rows: readonly (readonly string[])[], options: { indent?: number } = {}): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths: number[] = [];
  const right: boolean[] = [];
  for (let at = 0; at < columns; at++) {
    const cells = rows.map((row) => row[at] ?? "");
    widths.push(Math.max(...cells.map(width)));
    right.push(cells.slice(1).length > 0 && cells.slice(1).every((cell) => /^[\d,.]*$/.test(cell)));
  }
  const indent = " ".repeat(options.indent ?? 0);
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      const blanks = " ".repeat((widths[at] ?? 0) - width(cell));
      return right[at] ? blanks + cell : cell + blanks;
    });
    return (indent + cells.join("  ")).trimEnd() + "\n";
  }).join("");
}

/** Characters as shown: colour codes take no room. */
function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}
