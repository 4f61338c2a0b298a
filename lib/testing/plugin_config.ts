import { join } from "node:path";
import { stringify } from "smol-toml";
import { loadConfig, type Loaded } from "../config/load.ts";
import type { Plugin } from "../plugin/contract.ts";

/** A plugin's settings in a test: lines of its table in TOML, or the same as an object. */
export type TestSettings = string | Readonly<Record<string, unknown>>;

/**
 * The configuration of an agent with these plugins, in a folder that need not exist; the first one has settings.
 * @throws {ConfigError} the settings are not what the plugin's schema takes.
 */
export function testConfig(plugins: readonly Plugin[], settings: TestSettings, dir: string): Loaded {
  const [plugin] = plugins;
  const table = typeof settings === "string"
    ? `[plugins.${plugin?.name}]\n${settings}\n`
    : stringify({ plugins: { [plugin?.name ?? ""]: defined(settings) } });
  const text = `[admin]\nlisten = "127.0.0.1:0"\n\n${table}`;
  const located = { dir, file: join(dir, "config.toml"), text, origin: "told" } as const;
  return loadConfig({ plugins, located, env: {}, cwd: dir });
}

/** TOML has no word for what is not there. */
function defined(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
