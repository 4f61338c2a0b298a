import { join, normalize, relative } from "node:path";

/** One import as it stands in a file. */
export interface Import {
  /** Path of the importing file, from the repository's root. */
  from: string;
  /** Path from the root for a file of ours, else the bare name (`npm` package or `node:` module). */
  to: string;
}

/** Files of ours that have a name. */
const OURS = new Map([["capstan", "mod.ts"], ["capstan/json", "lib/json/read_json.ts"]]);

const root = new URL("../../", import.meta.url).pathname;
const statement = /(?:^|\n)\s*(?:import|export)\s[^;"']*?\sfrom\s*"([^"]+)"/g;
const bare = /(?:^|\n)\s*import\s*"([^"]+)"/g;
const dynamic = /\bimport\(\s*"([^"]+)"\s*\)/g;
const moduleUrl = /new URL\(\s*"(\.[^"]+\.ts)",\s*import\.meta\.url/g;

/** Every TypeScript file of the project, by path from the root, in order. */
export async function sources(): Promise<string[]> {
  const found: string[] = [];
  async function walk(folder: string): Promise<void> {
    for await (const entry of Deno.readDir(join(root, folder))) {
      const path = join(folder, entry.name);
      if (
        entry.isDirectory && !entry.name.startsWith(".") && entry.name !== "node_modules" &&
        entry.name !== "dist"
      ) {
        await walk(path);
      } else if (entry.isFile && /\.tsx?$/.test(entry.name)) found.push(path);
    }
  }
  await walk(".");
  return found.sort();
}

/** Text of a file of the project. */
export function source(path: string): Promise<string> {
  return Deno.readTextFile(join(root, path));
}

/** What `path` imports: statements, dynamic imports and modules named for a Worker. */
export async function importsOf(path: string): Promise<Import[]> {
  return findImports(path, await source(path));
}

/** What a file of this text at `path` imports. */
export function findImports(path: string, text: string): Import[] {
  const named = [statement, bare, dynamic, moduleUrl].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => match[1]!)
  );
  return [...new Set(named)].map((name) => ({
    from: path,
    to: name.startsWith(".")
      ? relative(root, normalize(join(root, path, "..", name)))
      : OURS.get(name) ?? name,
  }));
}
