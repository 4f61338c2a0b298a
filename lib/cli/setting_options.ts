import { flagsOf, type FlagSpec, type FlagValue, givenFlags } from "../config/flags.ts";
import { rootSchema } from "../config/root.ts";
import type { Plugin } from "../plugin/contract.ts";
import type { CliCommand, CliOption, Invocation } from "./command.ts";

/** Flags of the settings a command takes, in groups as the tables of config.toml. */
export function settingOptions(command: CliCommand, plugins: readonly Plugin[]): CliOption[] {
  return specs(command, plugins).map(({ flags, doc, repeatable, key, oneOf }) => ({
    flags,
    doc,
    repeat: repeatable,
    table: tableOf(key),
    offers: oneOf,
  }));
}

/** The settings that were given as flags: the command's own and the global ones. */
export function settingFlags(
  call: Pick<Invocation, "command" | "plugins" | "options" | "globals">,
): FlagValue[] {
  const { sqlite, debug } = call.globals;
  const global: FlagValue[] = [];
  if (sqlite !== undefined) global.push({ key: "store.sqlite", name: "--sqlite", value: sqlite });
  if (debug) global.push({ key: "logging.level", name: "--debug", value: "debug" });
  return [...givenFlags(specs(call.command, call.plugins), call.options), ...global];
}

function specs(command: CliCommand, plugins: readonly Plugin[]): FlagSpec[] {
  return flagsOf(rootSchema(plugins)).filter(({ key }) =>
    key !== "store.sqlite" && command.settings?.(key) === true
  );
}

function tableOf(key: string): string {
  const names = key.split(".");
  return names.slice(0, names[0] === "plugins" ? 2 : 1).join(".");
}
