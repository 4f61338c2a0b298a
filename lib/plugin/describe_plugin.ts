import { systemClock } from "../bus/clock.ts";
import { topicCodecs } from "../bus/topic_codecs.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import { createMeter } from "../telemetry/meter.ts";
import { createContext } from "./context.ts";
import type { Plugin } from "./contract.ts";
import { Registry } from "./registry.ts";

/** What a plugin registers. */
export interface PluginDescription {
  /** Topics it declares, by their name in code. */
  topics: string[];
  /** Topics it reads. */
  streams: string[];
  /** Keys of its settings. */
  settings: string[];
  /** Its commands, as they are typed. */
  commands: string[];
}

/**
 * What a plugin's `setup` registers, with these settings; opens nothing.
 * @throws what `setup` throws.
 */
export function describePlugin(
  plugin: Plugin,
  settings: Parameters<Plugin["setup"]>[1],
): PluginDescription {
  const registry = registered(plugin, settings);
  return {
    topics: registry.topics.names(),
    streams: [...new Set(registry.streams.flatMap(({ options }) => options.topics))],
    settings: Object.keys(plugin.config ?? {}),
    commands: registry.commands.map(({ command }) => command.path),
  };
}

/**
 * Checks what a plugin says of the values of topics: the schemas, and that its streams can read them.
 * @throws {Error} says what is wrong with them, or what `setup` throws.
 */
export async function checkValues(plugin: Plugin, settings: Parameters<Plugin["setup"]>[1]): Promise<void> {
  const registry = registered(plugin, settings);
  registry.checkValues();
  await topicCodecs(registry.topics.values());
}

function registered(plugin: Plugin, settings: Parameters<Plugin["setup"]>[1]): Registry {
  const registry = new Registry();
  const context = createContext({
    plugin: plugin.name,
    registry,
    parts: {},
    isSealed: () => false,
    log: createLogger({ sink: () => {} }),
    meter: createMeter().scope(`capstan_${plugin.name}_`),
    clock: systemClock,
    defaultGroup: plugin.name,
  });
  plugin.setup(context, settings);
  return registry;
}
