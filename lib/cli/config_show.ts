import type { Entry } from "../config/entry.ts";
import type { CliCommand } from "./command.ts";
import { loadConfiguration } from "./configuration.ts";
import { printable } from "./printable.ts";
import { type Style, styleFor } from "./style.ts";

/** `capstan config show` */
export const configShow: CliCommand = {
  path: "config show",
  doc: "Print every setting in effect, and where its value comes from",
  more: "Secrets are masked. What is printed could be a config.toml.",
  options: [
    { flags: "--changed", doc: "leave out what nobody has set" },
    { flags: "-j, --json", doc: "a JSON array of {key, value, source}" },
  ],
  examples: ["capstan config show --changed", "CAPSTAN_LOGGING_LEVEL=debug capstan config show --json"],
  async run(call) {
    const { entrySource } = await import("../config/entry.ts");
    const config = await loadConfiguration(call);
    const entries = config.entries.filter((entry) =>
      call.options.changed !== true || entry.place.kind !== "default"
    );
    if (call.options.json === true) {
      const plain = entries.map((entry) => ({
        key: entry.key,
        value: entry.value ?? null,
        source: entrySource(entry),
      }));
      await call.io.stdout.write(`${JSON.stringify(plain, null, 2)}\n`);
      return;
    }
    const style = styleFor(call.io.stdout);
    await call.io.stdout.write(asToml(entries, { style, source: entrySource, file: config.file }));
  },
};

/** Settings as TOML that could be a config.toml, each line with its source as a comment. */
function asToml(
  entries: readonly Entry[],
  { style, source, file }: { style: Style; source(entry: Entry): string; file: string },
): string {
  const lines = [style.dim(`# file: ${file}`)];
  // A table may stand in a TOML once: what it holds comes before the tables below it.
  for (const [table, held] of Map.groupBy(entries, tableOf)) {
    lines.push("", style.bold(`[${table}]`));
    for (const entry of held) {
      const key = entry.key.slice(entry.key.length - lastLength(entry));
      if (entry.text === "") {
        lines.push(style.dim(`# ${key} is not set`));
        continue;
      }
      const { place } = entry;
      const here = place.kind === "file" && place.file === file;
      const from = here ? `line ${place.line}` : source(entry);
      // A masked secret would be no TOML.
      const value = `${entry.secret ? "# " : ""}${key} = ${printable(entry.text)}`;
      const paint = place.kind === "default" ? style.dim : style.cyan;
      lines.push(`${value.padEnd(46)} ${paint(`# ${from}`)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function tableOf(entry: Entry): string {
  return entry.key.slice(0, Math.max(0, entry.key.length - lastLength(entry) - 1));
}

/** Characters of the key's last name as it is written, quotes included. */
function lastLength({ key, path }: Entry): number {
  const last = path.at(-1) ?? "";
  return key.endsWith(last) ? last.length : JSON.stringify(last).length;
}
