import type { ExternalModule } from "../config/external.ts";
import type { Plugin } from "../plugin/contract.ts";
import { FreshModules } from "../plugin/fresh_modules.ts";
import { type ModuleFiles, moduleFiles } from "../plugin/module_files.ts";
import type { LoadedModules, LoadModule } from "./external_plugins.ts";

interface Known {
  plugin: Plugin;
  /** What of the configuration decides how it is loaded. */
  how: string;
  print: string;
}

/** The modules an agent has loaded, and which of them have changed since. */
export class KnownModules implements LoadedModules, AsyncDisposable {
  readonly #known = new Map<string, Known>();
  /** By plugin: what it is made of, loaded or not. */
  readonly #files = new Map<string, readonly string[]>();
  readonly #fresh = new FreshModules();
  readonly #failed = new Map<string, Error>();

  /** Looks at the modules of plugins that were loaded already. */
  async remember(modules: readonly ExternalModule[], plugins: readonly Plugin[]): Promise<void> {
    for (const module of modules) {
      const found = await this.#look(module);
      const plugin = plugins.find(({ name }) => name === module.name);
      if (found && plugin) this.#known.set(module.name, { plugin, how: howOf(module), print: found.print });
    }
  }

  /** Paths of all that a change of which can change a plugin. */
  get files(): readonly string[] {
    return [...this.#files.values()].flat();
  }

  /** Why modules could not be loaded for which others stand in, by plugin; since the last call. */
  takeFailed(): ReadonlyMap<string, Error> {
    const failed = new Map(this.#failed);
    this.#failed.clear();
    return failed;
  }

  /** See `LoadedModules`: the plugin there is where nothing of it has changed. */
  async take(module: ExternalModule, load: LoadModule): Promise<Plugin> {
    const found = await this.#look(module);
    if (!found) return await load();
    const known = this.#known.get(module.name);
    if (known?.print === found.print && known.how === howOf(module)) return known.plugin;
    const plugin = await this.#load(found, load);
    this.#known.set(module.name, { plugin, how: howOf(module), print: found.print });
    return plugin;
  }

  /** See `LoadedModules`: the plugin that was loaded from there before. */
  standIn(module: ExternalModule, error: Error): Plugin | undefined {
    const known = this.#known.get(module.name);
    if (known?.how !== howOf(module)) return undefined;
    this.#failed.set(module.name, error);
    return known.plugin;
  }

  /** Forgets the modules. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#fresh[Symbol.asyncDispose]();
  }

  async #load(found: ModuleFiles, load: LoadModule): Promise<Plugin> {
    const address = await this.#fresh.address(found);
    try {
      return await load(address);
    } catch (cause) {
      throw new Error(this.#fresh.named(cause instanceof Error ? cause.message : String(cause)), { cause });
    }
  }

  async #look(module: ExternalModule): Promise<ModuleFiles | undefined> {
    try {
      const found = await moduleFiles(module.module);
      this.#files.set(module.name, found.files);
      return found;
    } catch {
      // Loading it says why. It may come.
      this.#files.set(module.name, [module.module]);
      return undefined;
    }
  }
}

function howOf({ place: _place, optional: _optional, enabled: _enabled, ...how }: ExternalModule): string {
  return JSON.stringify(how);
}
