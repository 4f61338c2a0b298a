import type { TopicSpec } from "../bus/contract.ts";
import type { FlagValue } from "../config/flags.ts";
import { loadConfig, type Loaded } from "../config/load.ts";
import type { Plugin } from "../plugin/contract.ts";
import { createHost } from "../plugin/host.ts";
import type { Host, HostOptions, RegisteredCommand } from "../plugin/host_contract.ts";
import type { WantedTopic } from "../plugin/topics.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import type { Logger } from "../telemetry/logger.ts";
import { createMeter } from "../telemetry/meter.ts";
import { redactionOf } from "./redaction_of.ts";
import { type ConfigCall, loadConfiguration, locateConfig } from "./configuration.ts";
import { VERSION } from "./build.ts";

/** An agent that is about to run, or whose commands are. */
export interface Made {
  readonly config: Loaded;
  readonly host: Host;
  readonly log: Logger;
  /** Which plugins run. */
  runs(plugin: Plugin, config: Loaded): boolean;
  /** From now on the log's lines are as these settings say. */
  logAs(settings: Loaded["host"]["logging"]): void;
}

/** Which plugins an agent has, and what its settings default to. */
export interface MakeOptions {
  /** Default: those that are enabled. */
  only?: (plugin: Plugin) => boolean;
  /** One that is there whether it is enabled or not. */
  also?: string;
  /** Settings that hold where neither flag, environment nor file names them. */
  defaults?: readonly FlagValue[];
  /** Reads the configuration again. */
  onReload?: HostOptions["onReload"];
}

/**
 * An agent as this call configures it; nothing is open yet.
 * @throws {ConfigError} the configuration is wrong.
 */
export async function makeHost(call: ConfigCall, options: MakeOptions = {}): Promise<Made> {
  const config = await configured(call, options.defaults ?? []);
  const runs: Made["runs"] = (plugin, now) =>
    options.only?.(plugin) ?? (plugin.name === options.also || now.plugin(plugin.name).enabled);
  const redaction = await redactionOf(config);
  const { log, logAs } = loggerOf(config, call, redaction);
  const plugins = call.plugins.filter((plugin) => runs(plugin, config));
  return {
    config,
    host: hostOf(config, plugins, log, { onReload: options.onReload, redaction }),
    log,
    runs,
    logAs,
  };
}

/**
 * The topics that every plugin declares, as this configuration has them, whether it runs or not.
 * @throws {Error} two topics would share a name.
 */
export function declaredTopics(call: ConfigCall, config: Loaded): readonly TopicSpec[] {
  return hostOf(config, call.plugins, createLogger({ sink: () => {} })).topics();
}

/**
 * The topics that the enabled plugins declare, as this configuration has them, with their names in code.
 * @throws {Error} two topics would share a name.
 */
export function wantedTopics(call: ConfigCall, config: Loaded): readonly WantedTopic[] {
  const enabled = call.plugins.filter(({ name }) => config.plugin(name).enabled);
  return hostOf(config, enabled, createLogger({ sink: () => {} })).declaredTopics();
}

/** What the plugins say of the values of topics, by their names in code. */
export function declaredValues(call: ConfigCall, config: Loaded): ReturnType<Host["declaredValues"]> {
  return hostOf(config, call.plugins, createLogger({ sink: () => {} })).declaredValues();
}

/** The commands of these plugins, from a `setup` on the defaults of their settings. */
export function describePlugins(plugins: readonly Plugin[]): readonly RegisteredCommand[] {
  const nowhere = "/";
  const located = { dir: nowhere, file: "/config.toml", text: undefined, origin: "told" } as const;
  const config = loadConfig({ plugins, located, env: {}, cwd: nowhere });
  const host = hostOf(config, plugins, createLogger({ sink: () => {} }));
  host.register();
  return host.commands;
}

async function configured(call: ConfigCall, defaults: readonly FlagValue[]): Promise<Loaded> {
  if (defaults.length === 0) return await loadConfiguration(call);
  const config = loadConfig(await locateConfig(call));
  const missing = defaults.filter(({ key }) => config.entry(key).place.kind === "default");
  return await loadConfiguration(call, missing);
}

function hostOf(
  config: Loaded,
  plugins: readonly Plugin[],
  log: Logger,
  { redaction, onReload }: Pick<HostOptions, "redaction" | "onReload"> = {},
): Host {
  return createHost({
    plugins,
    settings: config.host,
    optional: plugins.map(({ name }) => name).filter((name) => config.isOptional(name)),
    pluginSettings: Object.fromEntries(plugins.map(({ name }) => [name, config.plugin(name).settings])),
    storeFile: config.host.store.sqlite,
    version: VERSION,
    ...(redaction && { redaction }),
    log,
    meter: createMeter(redaction?.on ? { label: (value) => redaction.identity(value) } : {}),
    onReload,
  });
}

/** The agent's own log goes to standard error: text for people, JSON for collectors. */
function loggerOf(
  config: Loaded,
  { io }: ConfigCall,
  redaction: AgentRedaction,
): Pick<Made, "log" | "logAs"> {
  let now = config.host.logging;
  const isText = () => now.format === "text" || (now.format === "auto" && io.stderr.isTerminal);
  const log = createLogger({
    level: () => now.level,
    format: () => isText() ? "text" : "json",
    ...(redaction.on && { redact: redaction }),
  });
  return { log, logAs: (settings) => void (now = settings) };
}
