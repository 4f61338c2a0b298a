import type { CliCommand } from "./command.ts";
import { loadConfiguration } from "./configuration.ts";

/** `capstan config get KEY` */
export const configGet: CliCommand = {
  path: "config get",
  doc: "Print the value of one setting",
  args: [{
    name: "<key>",
    doc: "its key, as plugins.tapes.upstream, or one that tapes has, as proxy.upstream",
  }],
  examples: ["capstan config get store.sqlite"],
  async run(call) {
    const config = await loadConfiguration(call);
    const { value } = config.entry(call.args[0] ?? "");
    await call.io.stdout.write(`${Array.isArray(value) ? value.join(",") : value ?? ""}\n`);
  },
};
