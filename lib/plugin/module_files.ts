import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { moduleFile } from "./load_plugin.ts";

/** What a plugin's module is made of. */
export interface ModuleFiles {
  /** The module itself, absolute. */
  readonly file: string;
  /** With all of its own that it imports, and in a folder every source there is; packages are left out. */
  readonly files: readonly string[];
  /** Changes with the content of any of them. */
  readonly print: string;
}

/** A relative path in a static or dynamic import, an export, or `new URL("./x", import.meta.url)`. */
const IMPORT = /(?:\bfrom|\bimport|\bnew\s+URL)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]+)\1/g;
const SOURCE = /\.[cm]?[jt]sx?$/;

/**
 * Looks at a module, or a folder with one, as it is on the disk now. Imports are found in the text, so that code which
 * does not compile has files too; one that is missing is among them.
 * @throws {Error} there is no module.
 */
export async function moduleFiles(module: string): Promise<ModuleFiles> {
  const file = await moduleFile(module);
  const contents = new Map<string, Uint8Array | undefined>();
  const waiting = file === module ? [file] : [file, join(module, "package.json"), ...await sourcesIn(module)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (contents.has(next)) continue;
    const bytes = await readFile(next).catch(() => undefined);
    contents.set(next, bytes);
    if (bytes === undefined || !SOURCE.test(next)) continue;
    for (const [, , path = ""] of new TextDecoder().decode(bytes).matchAll(IMPORT)) {
      waiting.push(resolve(dirname(next), path));
    }
  }
  const files = [...contents.keys()].sort();
  const hash = createHash("sha256");
  for (const each of files) {
    const bytes = contents.get(each);
    hash.update(`${each}\0${bytes?.length ?? "missing"}\0`).update(bytes ?? "");
  }
  return { file, files, print: hash.digest("hex") };
}

async function sourcesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === "node_modules" || entry.name.startsWith(".") ? [] : sourcesIn(path);
    }
    return SOURCE.test(entry.name) ? [path] : [];
  }));
  return found.flat();
}

/**
 * The folder under which a module finds all it is made of: its own files, and the nearest node_modules there is above
 * them.
 */
export function moduleRoot(files: readonly string[]): string {
  const [first = sep, ...others] = files.map(dirname);
  let common = first;
  while (
    others.some((each) => each !== common && !each.startsWith(common.endsWith(sep) ? common : common + sep))
  ) {
    common = dirname(common);
  }
  for (let at = common;; at = dirname(at)) {
    if (existsSync(join(at, "node_modules"))) return at;
    if (dirname(at) === at) return common;
  }
}
