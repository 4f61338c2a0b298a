import type { FlagValue } from "../config/flags.ts";
import type { Loaded, LoadOptions } from "../config/load.ts";
import type { Invocation } from "./command.ts";
import { styleFor } from "./style.ts";

/** The part of an invocation that decides which configuration is meant. */
export type ConfigCall = Pick<Invocation, "command" | "plugins" | "unloaded" | "options" | "globals" | "io">;

/**
 * Where the configuration of this call is, and what overrides it.
 * @throws {ConfigError} it is not trusted, or can't be read.
 */
export async function locateConfig(
  call: ConfigCall,
  further: readonly FlagValue[] = [],
): Promise<LoadOptions> {
  const { locate } = await import("../config/locate.ts");
  const { settingFlags } = await import("./setting_options.ts");
  const { env, cwd } = call.io;
  const located = locate({ configDir: call.globals.configDir, cwd, env });
  return {
    plugins: call.plugins,
    unloaded: call.unloaded,
    located,
    env,
    cwd,
    flags: [...further, ...settingFlags(call)],
  };
}

/**
 * The configuration of this call, checked. Warnings go to standard error.
 * @throws {ConfigError} with everything that is wrong.
 */
export async function loadConfiguration(
  call: ConfigCall,
  further: readonly FlagValue[] = [],
): Promise<Loaded> {
  const { loadConfig } = await import("../config/load.ts");
  const options = await locateConfig(call, further);
  const loaded = loadConfig(options);
  const style = styleFor(call.io.stderr);
  for (const warning of [...await missingFolder(options), ...loaded.warnings]) {
    await call.io.stderr.write(`${style.yellow("warning:")} ${warning}\n`);
  }
  return loaded;
}

/** A told folder that is not there may be a slip, and must be said: the agent runs on defaults. */
async function missingFolder({ located: { dir, origin } }: LoadOptions): Promise<string[]> {
  const { existsSync } = await import("node:fs");
  if (origin !== "told" || existsSync(dir)) return [];
  return [
    `${dir} does not exist: the defaults hold; capstan run makes it, and capstan init a configuration in it`,
  ];
}
