import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "../contract.ts";
import { bundleUrl } from "../import_module.ts";
import { moduleFiles } from "../module_files.ts";
import { isPlugin, pluginProblems } from "../plugin_problems.ts";
import { isolatedPlugin, type IsolatedPluginOptions } from "./isolated_plugin.ts";
import { IsolatedWorker } from "./isolated_worker.ts";
import { type IsolationSettings, workerPermissions } from "./isolation_settings.ts";
import type { Exported } from "./protocol.ts";
import { receiveError } from "./sent_error.ts";

/** What is loaded, and how it is kept apart. */
export interface LoadIsolatedOptions
  extends IsolationSettings, Pick<IsolatedPluginOptions, "random" | "retry"> {
  /** Name of its table, for messages until it has said its own. */
  name: string;
  /** Absolute path of the module, or of the folder it is in; that folder it may read. */
  path: string;
}

/**
 * Loads a plugin into a Worker of its own: its code never runs in the agent's thread.
 * @throws {Error} there is none, its code fails, its default export is no plugin, or it may not have what it asks for.
 */
export async function loadIsolatedPlugin(options: LoadIsolatedOptions): Promise<Plugin> {
  const { name, path, handlerTimeoutMs, random, retry } = options;
  const { file, print } = await moduleFiles(path);
  const folder = file === path ? dirname(file) : path;
  const permissions = workerPermissions(options.permissions, folder);
  try {
    let module = pathToFileURL(file).href;
    let exported = await exportsOf(name, module, permissions);
    if (exported instanceof Error) {
      const bundle = await bundleUrl(file, exported);
      if (bundle === undefined) throw exported;
      module = bundle;
      exported = await exportsOf(name, module, permissions);
      if (exported instanceof Error) throw exported;
    }
    const { plugin, setup } = exported;
    const candidate = plugin && { ...plugin, ...(setup && { setup: () => {} }) };
    if (!isPlugin(candidate)) throw new TypeError(pluginProblems(candidate).join("; "));
    return isolatedPlugin({
      name: candidate.name,
      ...(candidate.doc !== undefined && { doc: candidate.doc }),
      ...(candidate.config && { config: candidate.config }),
      ...(candidate.overlaps !== undefined && { overlaps: candidate.overlaps }),
      module,
      permissions,
      handlerTimeoutMs,
      unchanged: async () => {
        if ((await moduleFiles(path)).print === print) return;
        throw new Error(`${file} has changed since it was loaded; reload the agent (capstan reload)`);
      },
      ...(random && { random }),
      ...(retry && { retry }),
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const lacking = cause instanceof Error && cause.message.startsWith("Requires ")
      ? ` (plugins.${name}.permissions say what it may)`
      : "";
    throw new Error(`Cannot load ${file} in a worker: ${why}${lacking}`, { cause });
  }
}

/** What a module exports, told by a Worker that is ended again; an error: why it can't be imported. */
async function exportsOf(
  plugin: string,
  module: string,
  permissions: Deno.PermissionOptionsObject,
): Promise<Exported | Error> {
  const worker = new IsolatedWorker({
    plugin,
    permissions,
    answer: () => Promise.reject(new Error("Cannot call the agent: the plugin is not set up")),
    hear: () => {},
  });
  try {
    const exported = await worker.import(module);
    return "error" in exported ? receiveError(exported.error) : exported;
  } finally {
    worker.end(new Error("its export is known"));
  }
}
