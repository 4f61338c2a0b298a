import type { CliCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { styleFor } from "./style.ts";

/** `capstan plugins check PATH` */
export const pluginsCheck: CliCommand = {
  path: "plugins check",
  doc: "Load a plugin and check it against the contract",
  more:
    "Its default export, its settings' schema, and what its setup registers on the settings' defaults, the schemas of " +
    "its topics' values too. Loads its code.\nThe types of the module and its tests are checked where there is a deno " +
    "command to do it.",
  args: [{ name: "<path>", doc: "the module's file, or its folder" }],
  examples: ["capstan plugins check ./print.ts"],
  async run({ args: [path = ""], io, plugins, signal }) {
    const { resolve } = await import("node:path");
    const { loadPlugin, moduleFile } = await import("../plugin/load_plugin.ts");
    const { checkValues, describePlugin } = await import("../plugin/describe_plugin.ts");
    const { loadConfig } = await import("../config/load.ts");
    const file = await moduleFile(resolve(io.cwd, path));
    const plugin = await loadPlugin(file);
    if (plugins.some(({ name }) => name === plugin.name)) {
      throw new Error(`Cannot use ${path}: a plugin named ${plugin.name} is built in; choose another name`);
    }
    // Before setup is run: what it would stumble over is said with its line.
    const types = await typesOf(file, signal);
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
        line("commands", commands) + line("types", [types]),
    );
    return EXIT.ok;
  },
};

/** What is to be said of a module's types. */
async function typesOf(file: string, signal: AbortSignal): Promise<string> {
  const { dirname } = await import("node:path");
  const { findDeno } = await import("../plugin/find_deno.ts");
  const { testsOf } = await import("./plugin_tests.ts");
  const { typeProblems } = await import("./type_problems.ts");
  const folder = dirname(file);
  const deno = await findDeno();
  if ("missing" in deno) {
    return `not checked, ${deno.missing}; run: capstan plugins types ${folder} && deno check ${file}`;
  }
  const wrong = await typeProblems({ deno: deno.path, folder, files: [file, ...testsOf(file)], signal });
  if (wrong?.includes("npm:@types/node")) {
    return `not checked, node_modules lacks what the types need; run in ${folder}: npm install --save-dev @types/node`;
  }
  if (wrong !== undefined) throw new Error(`Cannot use ${file}: its types are wrong\n${wrong}`);
  return "checked";
}
