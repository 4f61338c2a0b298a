import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** The name of the git top level `directory` is in, else of `directory`; `undefined` where there is no name (`/`). */
export function projectName(directory: string): string | undefined {
  for (let at = directory;; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return basename(at) || undefined;
    if (dirname(at) === at) return basename(directory) || undefined;
  }
}
