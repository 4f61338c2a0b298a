import { join, resolve } from "node:path";
import { type Component, sorted } from "../../lib/cli/inventory/component.ts";
import { npmComponent } from "../../lib/cli/inventory/npm_component.ts";

/** The line before each module that the bundler took in: its path from the folder it worked in. */
const MODULE = /^\/\/ (.+\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/(\d[^/]*))\//gm;

/**
 * The packages of npm that the bundle's files have something of, as the bundler marked it, with their licences.
 * @throws {Error} there are none, which can't be; or one has no licence to pass on.
 */
export async function embeddedPackages(
  root: string,
  bundle: { folder: string; files: readonly string[]; wasm: string },
): Promise<Component[]> {
  const folders = new Set<string>();
  const note = (text: string, from: string) => {
    for (const [, folder = ""] of text.matchAll(MODULE)) folders.add(resolve(from, folder));
  };
  for (const file of bundle.files.filter((each) => each.endsWith(".js"))) {
    note(await Deno.readTextFile(join(bundle.folder, file)), root);
  }
  if (folders.size === 0) throw new Error("Cannot list the bundle's packages: the bundler marked none");
  note(`// ${bundle.wasm}`, root);
  const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
  const packages = await Promise.all([...folders].map((folder) => npmComponent(folder, lock)));
  const silent = packages.filter(({ texts }) => texts.length === 0).map(({ name }) => name);
  if (silent.length > 0) {
    throw new Error(
      `Cannot pass on ${silent.join(", ")}: no file of the package holds its licence; find the text`,
    );
  }
  return sorted(packages);
}
