import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "jsonc-parser";

/** An import map as the deno command reads it; targets are whole. */
export interface ImportMap {
  imports: Record<string, string>;
  scopes: Record<string, Record<string, string>>;
}

/** Absolute path of the deno.json that counts in `folder`: its own, or that of a folder above. */
export function configAbove(folder: string): string | undefined {
  for (let at = folder;; at = dirname(at)) {
    const found = ["deno.json", "deno.jsonc"].map((name) => join(at, name)).find(existsSync);
    if (found !== undefined || dirname(at) === at) return found;
  }
}

/** Whether packages lie in a node_modules of this folder or one above. */
export function hasPackages(folder: string): boolean {
  for (let at = folder;; at = dirname(at)) {
    if (existsSync(join(at, "node_modules"))) return true;
    if (dirname(at) === at) return false;
  }
}

/** How the deno command is to look for packages of a plugin in this folder. */
export function packagesFlag(folder: string): string {
  return `--node-modules-dir=${hasPackages(folder) ? "manual" : "none"}`;
}

/**
 * The import map that counts in a plugin's folder, with names of ours over it.
 * @throws {Error} its deno.json can't be read.
 */
export async function importsWith(
  folder: string,
  ours: Readonly<Record<string, string>>,
): Promise<ImportMap> {
  const config = configAbove(folder);
  const own = config === undefined ? { imports: {}, scopes: {} } : await readMap(config);
  return { imports: { ...own.imports, ...ours }, scopes: own.scopes };
}

/** The map of a deno.json, or of an import map it names. */
export async function readMap(file: string): Promise<ImportMap> {
  const value: unknown = parse(await readFile(file, "utf8"), [], { allowTrailingComma: true });
  if (typeof value !== "object" || value === null) return { imports: {}, scopes: {} };
  const named = "importMap" in value && typeof value.importMap === "string" ? value.importMap : undefined;
  if (named !== undefined && !/^https?:/.test(named)) {
    return await readMap(named.startsWith("file:") ? fileURLToPath(named) : resolve(dirname(file), named));
  }
  const scopes = Object.entries(records("scopes" in value ? value.scopes : {}));
  return {
    imports: targets("imports" in value ? value.imports : {}, file),
    scopes: Object.fromEntries(scopes.map(([prefix, map]) => [whole(prefix, file), targets(map, file)])),
  };
}

function targets(map: unknown, file: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(records(map)).flatMap(([name, target]) =>
      typeof target === "string" ? [[name, whole(target, file)]] : []
    ),
  );
}

function records(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** A relative target starts at the file that has it. */
function whole(target: string, file: string): string {
  return /^\.{0,2}\//.test(target) || isAbsolute(target) ? new URL(target, pathToFileURL(file)).href : target;
}
