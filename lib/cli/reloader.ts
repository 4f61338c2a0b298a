import type { FlagValue } from "../config/flags.ts";
import { externalModules } from "../config/external.ts";
import { find } from "../config/locate.ts";
import { loadConfig, type Loaded } from "../config/load.ts";
import { ConfigError, problemText } from "../config/problem.ts";
import type { Plugin } from "../plugin/contract.ts";
import type { Host, PluginOutcome, ReloadAnswer } from "../plugin/host_contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Invocation } from "./command.ts";
import { locateConfig } from "./configuration.ts";
import { externalPlugins } from "./external_plugins.ts";
import { KnownModules } from "./known_modules.ts";
import { settingsChange } from "./live_settings.ts";

/** What reading the configuration of a running agent again needs. */
export interface ReloaderOptions {
  /** The call that started the agent. */
  call: Invocation;
  /** What it was started with. */
  config: Loaded;
  /** Settings that hold where nobody names them. */
  defaults: readonly FlagValue[];
  /** Which plugins run. */
  runs(plugin: Plugin, config: Loaded): boolean;
  host: Pick<Host, "change">;
  log: Logger;
  /** The agent's own settings are these from now on. */
  onSettings(settings: Loaded["host"]): void;
}

/** Reads configuration and modules of a running agent again, and changes it to what they say. */
export class Reloader implements AsyncDisposable {
  readonly #options: ReloaderOptions;
  readonly #log: Logger;
  readonly #modules = new KnownModules();
  readonly #builtIn: readonly Plugin[];
  #config: Loaded;
  #settings: Loaded["host"];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#config = options.config;
    this.#settings = options.config.host;
    this.#log = options.log.child({ component: "reload" });
    this.#builtIn = options.call.plugins.filter((plugin) => !("external" in plugin));
  }

  /** Looks at what the agent was started with. */
  static async open(options: ReloaderOptions): Promise<Reloader> {
    const reloader = new Reloader(options);
    await reloader.#modules.remember(reloader.#named(), options.call.plugins);
    return reloader;
  }

  /** The agent's own settings as they are now. */
  get settings(): Loaded["host"] {
    return this.#settings;
  }

  /** Paths of the configuration and of the modules. */
  get files(): readonly string[] {
    return [this.#options.config.file, ...this.#modules.files];
  }

  /**
   * Reads all of it again, and applies it. What is refused changes nothing, and is logged; so is every change. With
   * `quiet` nothing is said where nothing has changed. One after the other; never rejects.
   */
  reload({ quiet = false }: { quiet?: boolean } = {}): Promise<ReloadAnswer> {
    const turn = this.#turn.then(() => this.#reload({ quiet }));
    this.#turn = turn;
    return turn;
  }

  /** Removes what was made to load modules again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn;
    await this.#modules[Symbol.asyncDispose]();
  }

  async #reload({ quiet }: { quiet: boolean }): Promise<ReloadAnswer> {
    try {
      const answer = await this.#apply();
      const { plugins, applied, waiting } = answer;
      if (applied.length > 0) this.#log.info("Settings changed.", { settings: applied });
      if (waiting.length > 0) {
        this.#log.warn("Settings wait for the agent to be started again.", { settings: waiting });
      }
      if (!quiet && plugins.length + applied.length + waiting.length === 0) {
        this.#log.info("The configuration was read again; nothing has changed.");
      }
      return answer;
    } catch (error) {
      const refused = error instanceof Error ? error.message : String(error);
      const problems = error instanceof ConfigError ? error.problems.map(problemText) : [];
      this.#log.error("The configuration is refused; the agent goes on with the one it has.", {
        ...(problems.length > 0 ? { problems } : { error }),
      });
      return { refused, plugins: [], applied: [], waiting: [] };
    }
  }

  /** @throws {Error} the configuration can't be used; nothing has changed. */
  async #apply(): Promise<ReloadAnswer> {
    const { call, host, runs, config: started } = this.#options;
    const { globals: { configDir }, io } = call;
    const external = await externalPlugins({
      argv: configDir === undefined ? [] : [`--config-dir=${configDir}`],
      builtIn: this.#builtIn.map(({ name }) => name),
      io,
      loaded: this.#modules,
    });
    const notLoaded = this.#modules.takeFailed();
    for (const { optional, error } of external.failed) if (!optional) throw error;
    const plugins = [...this.#builtIn, ...external.plugins];
    const unloaded = [...external.failed.map(({ name }) => name), ...external.disabled];
    const config = await this.#load({ ...call, plugins, unloaded });
    const { settings, applied, waiting } = settingsChange(started.host, this.#settings, config.host);
    const wanted = plugins.filter((plugin) => runs(plugin, config));
    const outcomes = await host.change({
      plugins: wanted,
      pluginSettings: Object.fromEntries(wanted.map(({ name }) => [name, config.plugin(name).settings])),
      settings,
      drainMs: settings.agent.drain_timeout,
    });
    this.#warn([...config.warnings, ...external.failed.map(({ error }) => error.message)]);
    this.#config = config;
    this.#settings = settings;
    this.#options.onSettings(settings);
    return { plugins: [...this.#keptOf(notLoaded), ...outcomes], applied, waiting };
  }

  async #load(call: Invocation): Promise<Loaded> {
    const config = loadConfig(await locateConfig(call));
    const missing = this.#options.defaults.filter(({ key }) => config.entry(key).place.kind === "default");
    return missing.length === 0 ? config : loadConfig(await locateConfig(call, missing));
  }

  /** Plugins whose module can't be loaded as it is now; what was loaded before goes on. */
  #keptOf(notLoaded: ReadonlyMap<string, Error>): PluginOutcome[] {
    return [...notLoaded].map(([plugin, { message: error }]) => {
      this.#log.error("A plugin's module can't be loaded; the plugin goes on as it was.", { plugin, error });
      return { plugin, outcome: "kept", error };
    });
  }

  /** What was said before is not said again. */
  #warn(warnings: readonly string[]): void {
    for (const warning of warnings) {
      if (!this.#config.warnings.includes(warning)) this.#log.warn(warning);
    }
  }

  #named() {
    const { call: { globals: { configDir }, io: { cwd, env } } } = this.#options;
    return externalModules(find({ configDir, cwd, env }), env, cwd).filter(({ enabled }) => enabled);
  }
}
