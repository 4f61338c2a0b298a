import type { Plugin, PluginCommand } from "../plugin/contract.ts";
import type { RegisteredCommand } from "../plugin/host_contract.ts";
import type { CliCommand, Invocation, OptionValue } from "./command.ts";
import { describePlugins, makeHost } from "./make_host.ts";

/**
 * The commands that plugins bring. Their `setup` runs on the settings' defaults here, so that `--help` works whatever
 * is configured.
 */
export function pluginCommands(plugins: readonly Plugin[]): CliCommand[] {
  return describePlugins(plugins).map(toCliCommand);
}

function toCliCommand({ command, plugin }: RegisteredCommand): CliCommand {
  return {
    path: command.path,
    doc: command.doc,
    args: command.args,
    options: command.options,
    examples: command.examples,
    run: (call) => runPluginCommand(command, plugin, call),
  };
}

/** A plugin's command works where the plugin is disabled, too; of the others those are there that run. */
async function runPluginCommand(
  { path, everyPlugin = false }: Pick<PluginCommand, "path" | "everyPlugin">,
  plugin: string,
  call: Invocation,
): Promise<number> {
  const made = await makeHost(call, { also: plugin, ...(everyPlugin && { only: () => true }) });
  await using host = made.host;
  host.register();
  const { stdout, stderr } = call.io;
  return await host.runCommand(path, {
    args: call.args,
    options: Object.fromEntries(Object.entries(call.options).map(([key, value]) => [key, single(value)])),
    stdout,
    stderr,
    signal: call.signal,
  });
}

function single(value: OptionValue): string | boolean | undefined {
  return typeof value === "object" ? value.join(",") : value;
}
