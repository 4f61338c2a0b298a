import type { Plugin } from "../plugin/contract.ts";
import type { CliCommand } from "./command.ts";
import { pluginCommands } from "./plugin_commands.ts";

/** A plugin that help and manual leave out. */
export interface LeftOut {
  readonly name: string;
  /** Why: for a person. */
  readonly error: Error;
}

/** Plugins whose commands can be shown, and those whose can't. */
export interface UsablePlugins {
  readonly plugins: readonly Plugin[];
  /** The commands of `plugins`. */
  readonly commands: readonly CliCommand[];
  readonly leftOut: readonly LeftOut[];
}

/** Plugins that can be set up side by side, and have no command of `taken`; of two that contradict each other the first. */
export function usablePlugins(plugins: readonly Plugin[], taken: readonly CliCommand[]): UsablePlugins {
  try {
    return { plugins, commands: freeCommands(plugins, taken), leftOut: [] };
  } catch {
    // One of them: which one shows when they are added one by one.
  }
  let usable: UsablePlugins = { plugins: [], commands: [], leftOut: [] };
  for (const plugin of plugins) {
    const together = [...usable.plugins, plugin];
    try {
      usable = { ...usable, plugins: together, commands: freeCommands(together, taken) };
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
      usable = { ...usable, leftOut: [...usable.leftOut, { name: plugin.name, error }] };
    }
  }
  return usable;
}

function freeCommands(plugins: readonly Plugin[], taken: readonly CliCommand[]): CliCommand[] {
  const commands = pluginCommands(plugins);
  const seen = new Set(taken.map(({ path }) => path));
  for (const { path } of commands) {
    if (seen.has(path)) {
      throw new Error(`Cannot add command "${path}": there is one of that name; rename the plugin's`);
    }
    seen.add(path);
  }
  return commands;
}
