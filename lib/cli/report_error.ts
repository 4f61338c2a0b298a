import { printable } from "./printable.ts";
import type { Style } from "./style.ts";

/** How an error is printed. */
export interface ReportOptions {
  /** List causes and the stack. */
  debug: boolean;
  style: Style;
}

/** An error as one paragraph for a person, ending in a newline. */
export function reportError(error: unknown, options: ReportOptions): string {
  const { style } = options;
  const lines = [`${style.red(style.bold("error:"))} ${printable(messageOf(error))}`];
  const causes = causesOf(error);
  if (options.debug) {
    for (const cause of causes) lines.push(`  ${style.dim("because:")} ${printable(messageOf(cause))}`);
    if (error instanceof Error && error.stack) lines.push(style.dim(stackOf(error)));
  } else if (causes.length > 0) {
    lines.push(style.dim("(--debug lists the causes)"));
  }
  return lines.join("\n") + "\n";
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}

/** Every cause below an error, outermost first; the parts of an AggregateError too. */
function causesOf(error: unknown): unknown[] {
  const found: unknown[] = [];
  const visit = (at: unknown) => {
    if (!(at instanceof Error) || found.length >= 20) return;
    const below = at instanceof AggregateError ? [...at.errors, at.cause] : [at.cause];
    for (const cause of below) {
      if (cause === undefined || found.includes(cause)) continue;
      found.push(cause);
      visit(cause);
    }
  };
  visit(error);
  return found;
}

function stackOf(error: Error): string {
  return (error.stack ?? "").split("\n").filter((line) => line.trimStart().startsWith("at ")).join("\n");
}
