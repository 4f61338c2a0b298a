import { join, resolve } from "node:path";

/** Where relative paths start. */
export interface PathBases {
  /** Folder of the configuration file. */
  readonly dir: string;
  /** Working directory. */
  readonly cwd: string;
  /** The user's home, for `~/`. */
  readonly home: string | undefined;
}

/** A path of a setting made absolute: from the file's folder if the file names it, else from the working directory. */
export function absolutePath(
  path: string,
  { dir, cwd, home, fromFile }: PathBases & { fromFile: boolean },
): string {
  if (home !== undefined && (path === "~" || path.startsWith("~/"))) return join(home, path.slice(1));
  return resolve(fromFile ? dir : cwd, path);
}
