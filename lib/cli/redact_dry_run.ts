import type { CliCommand, Invocation } from "./command.ts";
import { UsageError } from "./exit.ts";
import { plural } from "./format.ts";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** Bytes of a text that is looked through at most. */
const LARGEST = 64 << 20;

/** Something found; JSON. Lines and columns count from 1, columns in characters. */
interface Found {
  rule: string;
  line: number;
  column: number;
  /** Characters of it. */
  length: number;
  /** Its first characters. */
  begins: string;
  becomes: string;
}

/** `capstan redact test` */
export const redactDryRun: CliCommand = {
  path: "redact test",
  doc: "Show what redaction would take out of a text, and change nothing",
  more:
    "Reads a file, or standard input. The rules are those of [redact], whether it is enabled or not. Each line of the\n" +
    "result is one place: where, which rule, how it begins, what stands there afterwards.",
  args: [{ name: "[file]", doc: "the text; - or nothing: standard input" }],
  options: [{ flags: "-j, --json", doc: "as JSON" }],
  examples: ["capstan redact test notes.txt", "pbpaste | capstan redact test --json"],
  async run(call) {
    const { options, io } = call;
    const { openDryRun } = await import("./redaction_of.ts");
    const { loadConfiguration } = await import("./configuration.ts");
    const redaction = await openDryRun(await loadConfiguration(call));
    const text = await textOf(call);
    const found = placesOf(text, redaction.find(text));
    if (options.json === true) return await io.stdout.write(`${JSON.stringify({ found }, null, 2)}\n`);
    if (found.length === 0) return await io.stdout.write("nothing would be taken out\n");
    const rows = found.map(({ rule, line, column, length, begins, becomes }) => [
      `${line}:${column}`,
      rule,
      `${printable(begins)}… (${length})`,
      becomes === "" ? "nothing" : becomes,
    ]);
    await io.stdout.write(
      table([["place", "rule", "begins", "becomes"], ...rows]) + `\n${plural(found.length, "place")}\n`,
    );
  },
};

/** How something found is shown: enough to know it again, too little to use it. */
export function beginningOf(found: string): string {
  return found.slice(0, Math.min(4, Math.floor(found.length / 3))).replace(/\s/g, " ");
}

function placesOf(
  text: string,
  findings: readonly { rule: string; start: number; end: number; becomes: string }[],
): Found[] {
  let line = 1;
  let lineStart = 0;
  let at = 0;
  return findings.map(({ rule, start, end, becomes }) => {
    for (let next = text.indexOf("\n", at); next >= 0 && next < start; next = text.indexOf("\n", at)) {
      line++;
      at = lineStart = next + 1;
    }
    const found = text.slice(start, end);
    const column = start - lineStart + 1;
    return { rule, line, column, length: found.length, begins: beginningOf(found), becomes };
  });
}

async function textOf({ args: [file = "-"], io }: Invocation): Promise<string> {
  if (file !== "-") {
    const { readFile } = await import("node:fs/promises");
    const { resolve } = await import("node:path");
    try {
      return await readFile(resolve(io.cwd, file), "utf8");
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot read ${file}: ${why}; name a text file`, { cause });
    }
  }
  if (io.stdin.isTerminal) await io.stderr.write("type a text; Ctrl-D ends it\n");
  const parts: string[] = [];
  let length = 0;
  for await (const part of io.stdin.stream().pipeThrough(new TextDecoderStream())) {
    length += part.length;
    if (length > LARGEST) {
      throw new UsageError(`Cannot look through a text of more than ${LARGEST} characters`);
    }
    parts.push(part);
  }
  return parts.join("");
}
