import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleModule } from "./bundle_module.ts";
import { findDeno } from "./find_deno.ts";

/** What the run-time says of a name it can't resolve. */
const UNRESOLVED = /^(?:Import|Could not resolve) "([^"]+)"/;

/** What it says of code on another host, where no import from the network is allowed. */
const REMOTE = /^Requires import access to "([^"]+)"/;

/**
 * Imports a plugin's module. The executable finds packages in the plugin's own node_modules by itself. Run from the
 * sources, names are resolved by the sources' own configuration, so that a module with packages is bundled first; its
 * `import.meta.url` is then that of a temporary file. `file` is where the module is, whatever its address.
 * @throws {Error} the module's own, or what to do about a package that can't be had.
 */
export async function importModule(url: URL, file = fileURLToPath(url)): Promise<Record<string, unknown>> {
  try {
    return await import(url.href);
  } catch (cause) {
    const deno = await bundlerFor(file, cause);
    if (deno === undefined) throw cause;
    return await inTempFolder(async (output) => {
      await bundleModule({ deno, file, output });
      // What was imported is in memory.
      return await import(pathToFileURL(output).href);
    });
  }
}

/**
 * The URL of a module's bundle, all in itself, where the module could not be imported for want of a package that can be
 * had; `undefined`: the fault is another. `cause` is what the import threw.
 * @throws {Error} what to do about a package that can't be had.
 */
export async function bundleUrl(file: string, cause: unknown): Promise<string | undefined> {
  const deno = await bundlerFor(file, cause);
  if (deno === undefined) return undefined;
  return await inTempFolder(async (output) => {
    await bundleModule({ deno, file, output });
    return `data:text/javascript;base64,${(await Deno.readFile(output)).toBase64()}`;
  });
}

/** The deno that can bundle a module that could not be imported; `undefined` where that would not help. */
async function bundlerFor(file: string, cause: unknown): Promise<string | undefined> {
  const host = found(REMOTE, cause);
  if (host !== undefined) {
    throw new Error(
      `it imports code from ${host}, and the executable runs none from the network; keep a copy beside the plugin`,
      { cause },
    );
  }
  const name = found(UNRESOLVED, cause);
  if (name === undefined) return undefined;
  const wrong = unavailable(name, file);
  if (wrong !== undefined) throw new Error(wrong, { cause });
  const deno = await findDeno();
  if ("missing" in deno) throw new Error(pleaseBundle(name, file), { cause });
  return deno.path;
}

function found(pattern: RegExp, error: unknown): string | undefined {
  return error instanceof Error ? pattern.exec(error.message)?.[1] : undefined;
}

/** Why a name can't be had, where bundling would not help either. */
function unavailable(name: string, file: string): string | undefined {
  if (name === "capstan" || name.startsWith("capstan/")) {
    return `it imports values from "${name}"; a plugin imports types alone: write import type`;
  }
  const folder = dirname(file);
  const words = name.split("/");
  const wanted = words.slice(0, name.startsWith("@") ? 2 : 1).join("/");
  for (let at = folder;; at = dirname(at)) {
    if (existsSync(join(at, "node_modules", wanted))) return undefined;
    if (dirname(at) === at) break;
  }
  const listed = existsSync(join(folder, "package.json"));
  return `it imports the package ${wanted}, which is not installed; run in ${folder}: npm install` +
    (listed ? "" : ` ${wanted}`);
}

function pleaseBundle(name: string, file: string): string {
  return `it imports ${name} from node_modules, where this executable can't look; make one file of the plugin and ` +
    `name that as its module: deno bundle --node-modules-dir=manual --platform deno --output plugin.js ${file}`;
}

async function inTempFolder<T>(work: (output: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "capstan-plugin-" });
  try {
    return await work(join(folder, "plugin.js"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
