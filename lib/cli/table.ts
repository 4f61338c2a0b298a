import { fold, widthOf } from "./fold.ts";

/** How a table is set. */
export interface TableOptions {
  /** Blanks before each line. Default 0. */
  indent?: number;
  /** Characters a line may have, where somebody looks at it. Default: as many as it takes. */
  columns?: number;
}

/** Fewest characters in which the last column is broken into lines. */
const LEAST = 20;

/**
 * Rows in aligned columns, two spaces between; columns of numbers alone are aligned right. No trailing blanks. Where a
 * line has no room, the last column goes on below itself, or the first one gets a line of its own.
 */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  return rowTexts(rows, options).map((row) => `${row}\n`).join("");
}

/** Each row, of one line or more. */
function rowTexts(
  rows: readonly (readonly string[])[],
  { indent = 0, columns = Infinity }: TableOptions,
): string[] {
  const lines = aligned(rows);
  const count = lines[0]?.length ?? 0;
  const widest = Math.max(0, ...lines.map((cells) => widthOf(lineOf(cells, indent))));
  if (widest <= columns || count < 2) return lines.map((cells) => lineOf(cells, indent));
  const before = widthOf((lines[0] ?? []).slice(0, -1).map((cell) => `${cell}  `).join("")) + indent;
  const breaks = rows.some((row) => row.length === count && / /.test(row.at(-1) ?? ""));
  if (breaks && columns - before >= LEAST) {
    return lines.map((cells) => {
      const [first = "", ...more] = fold((cells.at(-1) ?? "").trimEnd(), columns - before);
      const below = more.map((part) => " ".repeat(before) + part);
      return [lineOf([...cells.slice(0, -1), first], indent), ...below].join("\n");
    });
  }
  const rest = rowTexts(rows.map((row) => row.slice(1)), { indent: indent + 2, columns });
  return rows.map(([first = ""], at) => `${" ".repeat(indent)}${first}\n${rest[at]}`);
}

/** The cells, filled up with blanks to the width of their columns. */
function aligned(rows: readonly (readonly string[])[]): string[][] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths: number[] = [];
  const right: boolean[] = [];
  for (let at = 0; at < count; at++) {
    const cells = rows.map((row) => row[at] ?? "");
    widths.push(Math.max(...cells.map(widthOf)));
    right.push(cells.slice(1).length > 0 && cells.slice(1).every((cell) => /^[\d,.]*$/.test(cell)));
  }
  return rows.map((row) =>
    widths.map((width, at) => {
      const cell = row[at] ?? "";
      const blanks = " ".repeat(width - widthOf(cell));
      return right[at] ? blanks + cell : cell + blanks;
    })
  );
}

function lineOf(cells: readonly string[], indent: number): string {
  return (" ".repeat(indent) + cells.join("  ")).trimEnd();
}
