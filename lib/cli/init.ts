import type { CliCommand } from "./command.ts";

/** `capstan init` */
export const init: CliCommand = {
  path: "init",
  doc: "Make a configuration for this folder, and trust it",
  more: "Writes .capstan/config.toml into the working directory, or config.toml into --config-dir.",
  options: [{
    flags: "-p, --preset <name>",
    doc: "whose models: ollama, openai or anthropic",
    offers: ["ollama", "openai", "anthropic"],
    default: "ollama",
  }],
  examples: ["capstan init --preset anthropic", "capstan init --config-dir ~/.capstan --preset openai"],
  async run({ options, globals, io }) {
    const { initConfig, PRESETS } = await import("../config/init.ts");
    const { join, resolve } = await import("node:path");
    const { UsageError } = await import("./exit.ts");
    const preset = String(options.preset);
    if (!Object.hasOwn(PRESETS, preset)) {
      throw new UsageError(`Cannot use preset "${preset}": there are ${Object.keys(PRESETS).join(", ")}`);
    }
    const dir = globals.configDir ? resolve(io.cwd, globals.configDir) : join(io.cwd, ".capstan");
    const file = initConfig({ dir, preset, env: io.env });
    await io.stdout.write(
      `made ${file}\nstart with: capstan run${globals.configDir ? ` --config-dir ${dir}` : ""}\n`,
    );
  },
};
