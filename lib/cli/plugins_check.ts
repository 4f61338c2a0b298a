import type { CliCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { styleFor } from "./style.ts";

/** `capstan plugins check PATH` */
export const pluginsCheck: CliCommand = {
  path: "plugins check",
  doc: "Load a plugin and check it against the contract",
  more:
    "Its default export, its settings' schema, and what its setup registers on the settings' defaults, the schemas of " +
    "its topics' values too. Loads its code.",
  args: [{ name: "<path>", doc: "the module's file, or its folder" }],
  examples: ["capstan plugins check ./print.ts"],
  async run({ args: [path = ""], io, plugins }) {
    const { resolve } = await import("node:path");
    const { loadPlugin } = await import("../plugin/load_plugin.ts");
    const { checkValues, describePlugin } = await import("../plugin/describe_plugin.ts");
    const { loadConfig } = await import("../config/load.ts");
    const plugin = await loadPlugin(resolve(io.cwd, path));
    if (plugins.some(({ name }) => name === plugin.name)) {
      throw new Error(`Cannot use ${path}: a plugin named ${plugin.name} is built in; choose another name`);
    }
    const nowhere = { dir: "/", file: "/config.toml", text: undefined, origin: "told" } as const;
    const { settings } = loadConfig({ plugins: [plugin], located: nowhere, env: {}, cwd: "/" }).plugin(
      plugin.name,
    );
    await checkValues(plugin, settings);
    const { topics, streams, settings: keys, commands } = describePlugin(plugin, settings);
    const style = styleFor(io.stdout);
    const line = (what: string, names: readonly string[]) =>
      names.length > 0 ? `  ${what}: ${names.join(", ")}\n` : "";
    await io.stdout.write(
      `${style.green("fine:")} ${plugin.name}${plugin.doc ? `, ${plugin.doc}` : ""}\n` +
        line("settings", keys) + line("declares", topics) + line("reads", streams) +
        line("commands", commands),
    );
    return EXIT.ok;
  },
};
