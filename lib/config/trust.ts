import { createHash } from "node:crypto";
import { existsSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import process from "node:process";
import { ConfigError } from "./problem.ts";
import { writeFileAtomically } from "./write_file.ts";
import { messageOf } from "./message_of.ts";

/** The environment, as far as it is looked at. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The user's home as the environment has it. */
export function homeOf(env: Environment): string | undefined {
  return [env.HOME, env.USERPROFILE].find((path) => path !== undefined && path !== "");
}

/**
 * The folder where trust is recorded: `capstan/trusted` under XDG_STATE_HOME, on Windows LOCALAPPDATA, else
 * `~/.local/state`. `undefined`: this user has none.
 */
export function trustFolder(env: Environment): string | undefined {
  const xdg = env.XDG_STATE_HOME ?? "";
  if (isAbsolute(xdg)) return join(xdg, "capstan", "trusted");
  const local = env.LOCALAPPDATA ?? "";
  if (process.platform === "win32" && isAbsolute(local)) return join(local, "capstan", "trusted");
  const home = homeOf(env);
  return home === undefined ? undefined : join(home, ".local", "state", "capstan", "trusted");
}

/**
 * Whether this folder with exactly this config.toml was trusted. A file that changed since, by `git pull` for one, was
 * not. `text` is what will be loaded, so that nothing can be swapped in between.
 */
export function isTrusted(dir: string, text: string | undefined, env: Environment): boolean {
  const folder = trustFolder(env);
  if (folder === undefined) return false;
  try {
    const [hash] = readFileSync(recordOf(folder, dir), "utf8").split("\n");
    return hash === hashOf(text);
  } catch {
    return false; // no record, or none that can be read: not trusted
  }
}

/**
 * Records that a folder with this config.toml is trusted.
 * @throws {ConfigError} there is no place for the record, or it can't be written.
 */
export function recordTrust(dir: string, text: string | undefined, env: Environment): void {
  const folder = trustFolder(env);
  if (folder === undefined) {
    throw new ConfigError(
      `Cannot trust ${dir}: there is no place to record it; set HOME or XDG_STATE_HOME, or use --config-dir ${dir}`,
    );
  }
  try {
    writeFileAtomically(recordOf(folder, dir), `${hashOf(text)}\n${realpathSync(dir)}\n`);
  } catch (cause) {
    throw new ConfigError(
      `Cannot trust ${dir}: the record can't be written below ${folder}: ${
        messageOf(cause)
      }; check that folder`,
      [],
      { cause },
    );
  }
}

/** Takes trust back. Nothing happens where there was none. */
export function revokeTrust(dir: string, env: Environment): void {
  const folder = trustFolder(env);
  if (folder !== undefined && existsSync(dir)) rmSync(recordOf(folder, dir), { force: true });
}

/**
 * One file for each folder, so that two processes never write the same one for different folders. Its name is the
 * hash of the folder's real path; the path inside is for people.
 */
function recordOf(folder: string, dir: string): string {
  return join(folder, createHash("sha256").update(realpathSync(dir)).digest("hex"));
}

function hashOf(text: string | undefined): string {
  return text === undefined ? "absent" : createHash("sha256").update(text).digest("hex");
}
