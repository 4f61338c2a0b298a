import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";
import { nearest } from "./nearest.ts";
import { ConfigError } from "./problem.ts";
import { type Environment, recordTrust, trustFolder } from "./trust.ts";
import { messageOf } from "./message_of.ts";

/** Where the models of a preset are. */
export const PRESETS = {
  ollama: "http://localhost:11434",
  openai: "https://api.openai.com",
  anthropic: "https://api.anthropic.com",
} as const;

/** What a new configuration is like. */
export interface InitOptions {
  /** Its folder; made if missing. */
  readonly dir: string;
  /** One of `PRESETS`. Default `ollama`. */
  readonly preset?: string;
  /** The environment's variables, for the place where trust is recorded. */
  readonly env: Environment;
}

/**
 * Makes a configuration for a provider and trusts it. Gives the file's path.
 * @throws {ConfigError} the preset is unknown, there is a config.toml already, or the folder can't be written.
 */
export function initConfig({ dir, preset = "ollama", env }: InitOptions): string {
  const file = join(resolve(dir), "config.toml");
  const text = presetToml(preset);
  try {
    mkdirSync(resolve(dir), { recursive: true, mode: 0o700 });
    const handle = openSync(file, "wx", 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    const exists = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const why = exists
      ? "it exists already; change it with: capstan config set"
      : `${messageOf(cause)}; check its folder`;
    throw new ConfigError(`Cannot make ${file}: ${why}`, [], { cause });
  }
  if (trustFolder(env) !== undefined) recordTrust(resolve(dir), text, env);
  return file;
}

function presetToml(preset: string): string {
  const upstream = Object.entries(PRESETS).find(([name]) => name === preset)?.[1];
  if (upstream === undefined) {
    const near = nearest(preset, Object.keys(PRESETS));
    const ask = near === undefined ? "" : `; did you mean ${near}?`;
    throw new ConfigError(
      `Cannot use preset ${JSON.stringify(preset)}: there are ${Object.keys(PRESETS).join(", ")}${ask}`,
    );
  }
  return `# Configuration of Capstan. "capstan config show" lists every setting, its value and where that comes from.

[plugins.tapes]
provider = "${preset}"
upstream = "${upstream}"
`;
}
