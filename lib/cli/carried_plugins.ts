import { readFile } from "node:fs/promises";
import { readJson } from "../json/read_json.ts";
import type { Plugin, PluginCommand } from "../plugin/contract.ts";
import type { CliCommand } from "./command.ts";

/** What the list of commands says of plugins' commands. */
type Described = Pick<PluginCommand, "path" | "doc" | "args" | "options" | "examples">;

/** What is known of the built-in plugins before they are loaded. */
export interface CarriedPlugins {
  readonly names: readonly string[];
  readonly commands: readonly Described[];
}

/** The name of the file in which the executable carries it. */
export const PLUGINS_FILE = "plugins.json";

/** What the executable carries of these plugins, of which `commands` were made. */
export function describedPlugins(
  plugins: readonly Plugin[],
  commands: readonly CliCommand[],
): CarriedPlugins {
  return {
    names: plugins.map(({ name }) => name),
    commands: commands.map(({ path, doc, args, options, examples }) => ({
      path,
      doc,
      args,
      options,
      examples,
    })),
  };
}

/** What the executable carries; the sources carry nothing. */
export async function carriedPlugins(): Promise<CarriedPlugins | undefined> {
  const text = await readFile(new URL(`./${PLUGINS_FILE}`, import.meta.url), "utf8").catch(() => undefined);
  return text === undefined ? undefined : readJson(text);
}

/** Commands as far as the list of all commands shows them. */
export function listedCommands({ commands }: CarriedPlugins): CliCommand[] {
  return commands.map((command) => ({
    ...command,
    run: () => Promise.reject(new Error(`Cannot run ${command.path}: its plugin is not loaded`)),
  }));
}
