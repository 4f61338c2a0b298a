import type { Sink } from "./io.ts";

/** Puts words into colours where the output takes them, and leaves them alone where not. */
export interface Style {
  /** Characters in a line of the terminal; `Infinity` where programs read, for which a line stays one. */
  readonly columns: number;
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** The style of one output. */
export function styleFor(sink: Pick<Sink, "colours"> & Partial<Sink>): Style {
  const paint = (code: number, end: number) => (text: string) =>
    sink.colours && text !== "" ? `\x1b[${code}m${text}\x1b[${end}m` : text;
  return {
    columns: sink.isTerminal ? sink.columns ?? Infinity : Infinity,
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
