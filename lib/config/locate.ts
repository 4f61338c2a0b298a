import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ConfigError } from "./problem.ts";
import { type Environment, homeOf, isTrusted } from "./trust.ts";
import { messageOf } from "./message_of.ts";

/** Where the configuration is, and its text. */
export interface Located {
  /** The folder, absolute. It may not exist yet. */
  readonly dir: string;
  /** Its config.toml, absolute. */
  readonly file: string;
  /** What config.toml holds; `undefined` where there is none. */
  readonly text: string | undefined;
  /** How it was found: told, in the working directory or above, or in the home. */
  readonly origin: "told" | "found" | "home";
}

/** What the search depends on. */
export interface LocateOptions {
  /** `--config-dir`; `CAPSTAN_CONFIG_DIR` stands in for it. Told folders need no trust. */
  readonly configDir?: string;
  /** The working directory, absolute. */
  readonly cwd: string;
  /** The environment's variables. */
  readonly env: Environment;
}

/**
 * Finds the configuration: the folder told, else the nearest `.capstan` or `.tapes` in the working directory or above
 * (below the home), which must have been trusted, else `~/.capstan`, else `~/.tapes`.
 * @throws {ConfigError} the folder found is not trusted; the one told is a file; the file can't be read; there is no
 * home either.
 */
export function locate(options: LocateOptions): Located {
  const located = find(options);
  if (located.origin === "found" && !isTrusted(located.dir, located.text, options.env)) {
    throw notTrusted(located);
  }
  return located;
}

/** As `locate`, for those who are about to trust what is found. */
export function find({ configDir, cwd, env }: LocateOptions): Located {
  const told = configDir ?? env.CAPSTAN_CONFIG_DIR ?? "";
  if (told !== "") return readTold(resolve(cwd, told), configDir ? "--config-dir" : "CAPSTAN_CONFIG_DIR");
  const home = homeOf(env);
  const found = nearestFolder(cwd, home);
  if (found !== undefined) return readFolder(found, "found");
  if (home === undefined) {
    throw new ConfigError(
      `Cannot find a configuration: no .capstan in ${cwd} or above, and HOME is not set; use --config-dir DIR`,
    );
  }
  const [own, tapes] = [join(home, ".capstan"), join(home, ".tapes")];
  return readFolder(!isFolder(own) && isFolder(tapes) ? tapes : own, "home");
}

/**
 * Reads a folder's config.toml.
 * @throws {ConfigError} it is there and can't be read.
 */
export function readFolder(dir: string, origin: Located["origin"]): Located {
  const file = join(dir, "config.toml");
  return { dir, file, text: readConfigText(file), origin };
}

/** A folder that is not there yet is made by who writes to it; a file is a slip. */
function readTold(dir: string, by: string): Located {
  if (!existsSync(dir) || isFolder(dir)) return readFolder(dir, "told");
  throw new ConfigError(
    `Cannot use ${dir} as ${by}: it is a file; give the folder that holds config.toml and the data`,
  );
}

/**
 * Where a folder's data is unless told otherwise: capstan.sqlite, and in a `.tapes` the file that tapes' own commands
 * look for there: tapes.db if it exists, else tapes.sqlite. (Its proxy keeps nothing when it isn't told a file.)
 */
export function defaultSqlite(dir: string): string {
  if (basename(dir) !== ".tapes") return join(dir, "capstan.sqlite");
  const old = join(dir, "tapes.db");
  return existsSync(old) ? old : join(dir, "tapes.sqlite");
}

function nearestFolder(cwd: string, home: string | undefined): string | undefined {
  const end = home === undefined ? undefined : realPath(home);
  for (let at = cwd; realPath(at) !== end; at = dirname(at)) {
    const folder = [join(at, ".capstan"), join(at, ".tapes")].find(isFolder);
    if (folder !== undefined) return folder;
    if (dirname(at) === at) return undefined;
  }
  return undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // not there, or behind a folder that may not be entered
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * What a configuration file holds; `undefined`: there is none.
 * @throws {ConfigError} it is there and can't be read.
 */
export function readConfigText(file: string): string | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR")) {
      return undefined;
    }
    throw new ConfigError(`Cannot read ${file}: ${messageOf(cause)}; correct it, or name another`, [], {
      cause,
    });
  }
  try {
    // TOML files are UTF-8; a mark at the start is none of its text.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`Cannot read ${file}: it is not UTF-8 text; save it as UTF-8`, [], { cause });
  }
}

function notTrusted({ dir, file, text }: Located): ConfigError {
  const why = text === undefined ? "it was found here and never trusted" : `${file} is new or changed since`;
  return new ConfigError(
    `Cannot use ${dir}: it is not trusted (${why}). A configuration can send your keys elsewhere: ` +
      `look at it, then run: capstan trust ${/[\s'"\\]/.test(dir) ? JSON.stringify(dir) : dir}`,
  );
}
