import { type ExternalModule, externalModules, type Isolation, mayLoad } from "../config/external.ts";
import { find, type Located } from "../config/locate.ts";
import type { ConfiguredPlugin } from "../config/root.ts";
import { ConfigError, placeText } from "../config/problem.ts";
import { isTrusted } from "../config/trust.ts";
import type { Plugin } from "../plugin/contract.ts";
import type { Io } from "./io.ts";

/** A plugin of the configuration's that could not be loaded. */
export interface FailedPlugin {
  /** Name of its table. */
  readonly name: string;
  /** The agent starts without it. */
  readonly optional: boolean;
  /** Why: for a person, with the place of the setting. */
  readonly error: Error;
}

/** What a configuration's modules came to. */
export interface ExternalPlugins {
  /** Loaded, in the configuration's order. */
  readonly plugins: readonly Plugin[];
  readonly failed: readonly FailedPlugin[];
  /** Names of plugins that are disabled, whose settings nobody can check. */
  readonly disabled: readonly string[];
}

/** Loads a module's plugin; from another address where it was loaded before. */
export type LoadModule = (address?: URL) => Promise<Plugin>;

/** What an agent that runs knows of modules it has loaded. */
export interface LoadedModules {
  /** The plugin of a module, as it is now. */
  take(module: ExternalModule, load: LoadModule): Promise<Plugin>;
  /** What stands in for a module that can't be loaded. */
  standIn(module: ExternalModule, error: Error): Plugin | undefined;
}

const NONE: ExternalPlugins = { plugins: [], failed: [], disabled: [] };

/**
 * Loads the modules that the configuration of this command line names. Nothing is loaded from one that is not trusted.
 * Never rejects: a configuration that can't be read is for the command to say.
 */
export async function externalPlugins(
  call: {
    argv: readonly string[];
    builtIn: readonly string[];
    io: Pick<Io, "env" | "cwd">;
    loaded?: LoadedModules;
  },
): Promise<ExternalPlugins> {
  const { env, cwd } = call.io;
  let located: Located;
  let modules: ExternalModule[];
  try {
    located = find({ configDir: configDirOf(call.argv), cwd, env });
    if (located.origin === "found" && !isTrusted(located.dir, located.text, env)) return NONE;
    modules = externalModules(located, env, cwd);
  } catch (error) {
    if (error instanceof ConfigError) return NONE;
    throw error;
  }
  if (modules.length === 0) return NONE;
  const { loadPlugin, moduleFile } = await import("../plugin/load_plugin.ts");
  const found = await Promise.all(
    modules.filter(({ enabled }) => enabled).map(async (each): Promise<Plugin | FailedPlugin> => {
      try {
        if (call.builtIn.includes(each.name)) {
          throw new Error(`Cannot load ${each.module}: a plugin named ${each.name} is built in; rename it`);
        }
        if (each.wrong) throw each.wrong;
        const file = await moduleFile(each.module);
        if (!mayLoad(located, file, env)) throw notTrusted(file);
        const load: LoadModule = async (address) => {
          const plugin = each.isolation
            ? await loadIsolated(each, each.isolation)
            : await loadPlugin(file, { address });
          if (plugin.name === each.name) return hosted(plugin);
          throw new Error(
            `Cannot load ${each.module}: it calls itself ${plugin.name}; its table must be [plugins.${plugin.name}]`,
          );
        };
        return await (call.loaded?.take(each, load) ?? load());
      } catch (cause) {
        const message = cause instanceof Error ? cause.message : String(cause);
        const error = new ConfigError(`${placeText(each.place)}: plugin ${each.name}: ${message}`, [], {
          cause,
        });
        return call.loaded?.standIn(each, error) ?? { name: each.name, optional: each.optional, error };
      }
    }),
  );
  return {
    plugins: found.filter((each): each is Plugin => !("error" in each)),
    failed: found.filter((each): each is FailedPlugin => "error" in each),
    disabled: modules.filter(({ enabled }) => !enabled).map(({ name }) => name),
  };
}

/** `--config-dir` as given; the command line is not parsed yet. */
export function configDirOf(argv: readonly string[]): string | undefined {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  const joined = words.findLast((word) => word.startsWith("--config-dir="));
  if (joined !== undefined) return joined.slice("--config-dir=".length);
  const at = words.lastIndexOf("--config-dir");
  return at < 0 ? undefined : words[at + 1];
}

/** The plugin, with what the configuration must know of it beside. */
function hosted(plugin: Plugin): Plugin & ConfiguredPlugin {
  const { name, doc, config, overlaps } = plugin;
  return {
    name,
    doc,
    config,
    overlaps,
    setup: (ctx, settings) => plugin.setup(ctx, settings),
    external: true,
  };
}

/** Its code runs in a Worker, when it is looked at too. */
async function loadIsolated({ name, module }: ExternalModule, isolation: Isolation): Promise<Plugin> {
  const { loadIsolatedPlugin } = await import("../plugin/isolation/load_isolated_plugin.ts");
  return await loadIsolatedPlugin({ name, path: module, ...isolation });
}

function notTrusted(module: string): Error {
  return new Error(
    `${module} is not trusted (new here, or changed since). It would run with all the rights of this program: ` +
      `look at it, then run: capstan plugins trust ${
        /[\s'"\\]/.test(module) ? JSON.stringify(module) : module
      }`,
  );
}
