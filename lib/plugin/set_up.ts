import { type Clock, systemClock } from "../bus/clock.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import type { Logger } from "../telemetry/logger.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { RootMeter } from "../telemetry/meter.ts";
import { createContext, type OpenParts } from "./context.ts";
import type { Plugin } from "./contract.ts";
import type { PluginGauges } from "./plugin_gauges.ts";
import { PluginLife } from "./plugin_life.ts";
import type { Registry } from "./registry.ts";

/** What setting a plugin up needs. */
export interface SetUpOptions {
  plugin: Plugin;
  /** Checked. */
  settings: unknown;
  /** Takes what it registers. */
  registry: Registry;
  parts: OpenParts;
  gauges: PluginGauges;
  log: Logger;
  meter: RootMeter;
  clock?: Clock;
  redaction?: AgentRedaction;
  /** `kafka.consumer_group`. */
  consumerGroup?: string;
}

/**
 * Runs a plugin's `setup`. What it registers, and its life, are in the registry then.
 * @throws {Error} the setup threw; nothing of it is in the registry.
 */
export function setUpPlugin(options: SetUpOptions): PluginLife {
  const { plugin, settings, registry, parts, gauges, log, clock = systemClock } = options;
  const { name, overlaps = false } = plugin;
  const { meter, show } = gauges.meterOf(name, options.meter.scope(`capstan_${name}_`));
  const state = { sealed: false, over: false };
  const context = createContext({
    plugin: name,
    registry,
    parts: whileAlive(parts, () => !state.over),
    isSealed: () => state.sealed,
    log: log.child({ component: name }),
    meter,
    clock,
    redaction: options.redaction,
    defaultGroup: options.consumerGroup ?? name,
  });
  try {
    const hooks = plugin.setup(context, settings ?? {}) ?? {};
    state.sealed = true;
    const life = new PluginLife({
      plugin: name,
      hooks,
      overlaps,
      shows: show,
      ends: () => void (state.over = true),
    });
    registry.lives.push(life);
    return life;
  } catch (cause) {
    state.sealed = true;
    registry.forget(name);
    throw new Error(
      `Cannot set up plugin ${name}: ${
        errorChain(cause)
      }; correct it, or set plugins.${name}.enabled = false`,
      { cause },
    );
  }
}

/** The open parts as an instance sees them: nothing is open to one that is over, whatever it left running. */
function whileAlive(parts: OpenParts, isAlive: () => boolean): OpenParts {
  return {
    get store() {
      return isAlive() ? parts.store : undefined;
    },
    get bus() {
      return isAlive() ? parts.bus : undefined;
    },
    get storage() {
      return isAlive() ? parts.storage : undefined;
    },
  };
}
