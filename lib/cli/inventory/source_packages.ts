import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readJson } from "../../json/read_json.ts";
import type { Component } from "./component.ts";
import { type LockFile, npmComponent } from "./npm_component.ts";

/** What `deno info --json` says, as far as it is read here. */
interface Graph {
  readonly modules: readonly { readonly kind: string; readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, { localPath?: string; dependencies: readonly string[] }>>;
}

/**
 * The packages that the sources' modules may load, from deno.lock and the cache: those they import, and what these need.
 * It is a little more than an executable has in it, which leaves out what is never reached.
 * @throws {Error} deno can't say, or a package has no licence.
 */
export async function sourcePackages(): Promise<Component[]> {
  const root = new URL("../../../", import.meta.url);
  const graph = await graphOf(fileURLToPath(root));
  const lock: LockFile = readJson(await readFile(new URL("deno.lock", root), "utf8"));
  const reached = new Set<string>();
  const visit = (id: string) => {
    if (reached.has(id)) return;
    reached.add(id);
    for (const below of graph.npmPackages[id]?.dependencies ?? []) visit(below);
  };
  for (const { npmPackage } of graph.modules) if (npmPackage !== undefined) visit(npmPackage);
  // What is for other systems was never fetched, and can't be loaded here.
  const folders = [...reached].map((id) => graph.npmPackages[id]?.localPath).filter((path) =>
    path !== undefined && existsSync(path)
  );
  return await Promise.all(folders.map((folder) => npmComponent(folder ?? "", lock)));
}

async function graphOf(root: string): Promise<Graph> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--quiet", "--json", "main.ts"],
    cwd: root,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  if (success) return readJson(decoder.decode(stdout));
  throw new Error(`Cannot list the packages of ${root}: deno info said: ${decoder.decode(stderr).trim()}`);
}
