import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { readJson } from "../json/read_json.ts";
import type { Plugin } from "./contract.ts";
import { importModule } from "./import_module.ts";
import { isPlugin, pluginProblems } from "./plugin_problems.ts";

/** Names a folder's module goes by where its package.json says nothing. */
const NAMES = ["mod.ts", "index.ts", "mod.js", "index.js"];

/**
 * Loads a plugin: a module, or a folder with one. TypeScript is taken as it is. Where it was loaded before,
 * `address` is another one of the same module: see `FreshModules`.
 * @throws {Error} there is none, its code fails, or its default export is no plugin; the message says which.
 */
export async function loadPlugin(path: string, options: { address?: URL } = {}): Promise<Plugin> {
  const file = await moduleFile(path);
  let exported: Record<string, unknown>;
  try {
    exported = await importModule(options.address ?? pathToFileURL(file), file);
  } catch (cause) {
    throw new Error(`Cannot load ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  const plugin = exported.default;
  if (isPlugin(plugin)) return plugin;
  throw new Error(`Cannot load ${file}: ${pluginProblems(plugin).join("; ")}`);
}

/**
 * The file of a plugin's module. A folder's is what `exports`, `module` or `main` of its package.json name, else mod or
 * index.
 * @throws {Error} it is not there.
 */
export async function moduleFile(path: string): Promise<string> {
  const folder = await isFolder(path);
  if (folder === false) return path;
  if (folder === undefined) throw new Error(`Cannot load ${path}: it does not exist; correct the path`);
  const named = await fromPackage(path);
  if (named !== undefined) return resolve(path, named);
  for (const name of NAMES) {
    if (await isFolder(join(path, name)) === false) return join(path, name);
  }
  throw new Error(
    `Cannot load ${path}: it is a folder without ${NAMES.join(", ")} or a package.json that names a module`,
  );
}

async function fromPackage(folder: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, "package.json"), "utf8");
  } catch {
    return undefined; // it needs none
  }
  try {
    const { exports, module, main }: Record<string, unknown> = readJson(text);
    const root = typeof exports === "object" && exports !== null && "." in exports ? exports["."] : exports;
    const exported = typeof root === "object" && root !== null && "default" in root ? root.default : root;
    return [exported, module, main].find((each) => typeof each === "string");
  } catch (cause) {
    throw new Error(`Cannot load ${folder}: its package.json is no JSON; correct it`, { cause });
  }
}

/** `undefined`: there is nothing. */
async function isFolder(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return undefined;
  }
}
