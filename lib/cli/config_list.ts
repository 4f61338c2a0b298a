import type { CliCommand } from "./command.ts";
import { loadConfiguration } from "./configuration.ts";
import { printable } from "./printable.ts";

/** `capstan config list` */
export const configList: CliCommand = {
  path: "config list",
  doc: "Print every setting as KEY = VALUE, a line each",
  more: "Secrets are masked; settings without a value are left out.",
  examples: ["capstan config list | grep kafka"],
  async run(call) {
    const config = await loadConfiguration(call);
    const set = config.entries.filter((entry) => entry.text !== "");
    await call.io.stdout.write(set.map((entry) => `${entry.key} = ${printable(entry.text)}\n`).join(""));
  },
};
