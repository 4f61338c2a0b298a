import type { CliCommand } from "./command.ts";
import { locateConfig } from "./configuration.ts";

/** `capstan config set KEY VALUE` */
export const configSet: CliCommand = {
  path: "config set",
  doc: "Set one key in config.toml; everything else in it stays as it is",
  args: [
    { name: "<key>", doc: "its key, as plugins.tapes.upstream, or one that tapes has, as proxy.upstream" },
    { name: "<value>", doc: "the value; a list with commas" },
  ],
  examples: ["capstan config set plugins.tapes.upstream https://api.openai.com"],
  async run(call) {
    const { setConfig } = await import("../config/set.ts");
    const { problemText } = await import("../config/problem.ts");
    const [key = "", value = ""] = call.args;
    const result = setConfig(await locateConfig(call), key, value);
    await call.io.stdout.write(`set ${result.key} in ${result.file}\n`);
    for (const problem of result.remaining) {
      await call.io.stderr.write(`still wrong: ${problemText(problem)}\n`);
    }
  },
};
