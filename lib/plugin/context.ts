import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../bus/clock.ts";
import type { TopicValues } from "../bus/handler.ts";
import { NO_REDACTION } from "../bus/no_redaction.ts";
import type { AgentRedaction } from "../redact/agent_redaction.ts";
import type { RedactionData } from "../redact/settings.ts";
import type { Store } from "../store/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Meter } from "../telemetry/metrics.ts";
import type { PluginContext, PluginStore } from "./contract.ts";
import type { Registry } from "./registry.ts";
import { StoreError } from "../store/error.ts";
import type { StorageState } from "./storage_state.ts";

/** What is open while the agent runs; absent before and after. */
export interface OpenParts {
  store?: Store;
  bus?: Bus;
  storage?: { readonly state: StorageState };
}

/** What a plugin's context is made of. */
export interface ContextOptions {
  plugin: string;
  registry: Registry;
  parts: OpenParts;
  /** Whether `setup` is over, after which nothing can be registered. */
  isSealed(): boolean;
  log: Logger;
  /** With the plugin's prefix. */
  meter: Meter;
  clock: Clock;
  redaction?: AgentRedaction;
  /** Group of streams that name none. */
  defaultGroup: string;
}

/** A context that tells what all plugins said of the values of topics; for parts of the agent that stand for a plugin. */
export interface DeclaringContext extends PluginContext {
  /** By logical name; complete once every plugin is set up. */
  declaredValues(): readonly (readonly [topic: string, values: TopicValues])[];
  /** What another thread needs to redact as this one does; without the key it can't hash. `undefined`: nothing is. */
  redactionData(how: { key: boolean }): RedactionData | undefined;
}

/** A plugin's context: registers during `setup`, works while the agent runs. */
export function createContext(options: ContextOptions): DeclaringContext {
  const { plugin, registry, parts, isSealed, log, meter, clock, redaction } = options;
  const registering = (what: string) => {
    if (isSealed()) throw new Error(`Cannot add ${what} for ${plugin}: its setup is over; do it in setup`);
  };
  const bus = (verb: string): Bus => {
    if (parts.bus) return parts.bus;
    throw new Error(`Cannot ${verb} for ${plugin}: the agent does not run; do it from start on, before stop`);
  };
  const rejecting = <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return work();
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return {
    log,
    redact: redaction ?? NO_REDACTION,
    redactionData: ({ key }) => redaction?.data({ key, seals: false }),
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    declaredValues: () => registry.topics.values(),
    topic: (spec, values) => {
      registering(`topic ${spec.name}`);
      registry.topics.declare(plugin, spec, values);
    },
    producer: (topic) => ({
      send: (value, rest) =>
        rejecting(() => {
          const { accepting, reason } = parts.storage?.state ?? { accepting: true };
          if (!accepting) throw new StoreError("full", `Cannot publish to ${topic}: ${reason}`);
          return bus("publish").append({ ...rest, topic, value });
        }),
    }),
    append: (topic, record, how) =>
      rejecting(() => {
        const { diskFull, reason } = parts.storage?.state ?? {};
        if (diskFull) throw new StoreError("full", `Cannot append to ${topic}: ${reason}`);
        return bus("append").append({ ...record, topic }, how);
      }),
    storage: () => parts.storage?.state ?? { accepting: false, reason: "the agent does not run" },
    stream: (stream, handler) => {
      registering("a stream");
      return registry.addStream(plugin, stream.group ?? options.defaultGroup, stream, handler);
    },
    store: (migrations) => {
      registering("a store");
      if (registry.stores.some((each) => each.plugin === plugin)) {
        throw new Error(`Cannot add a store for ${plugin}: it has one; give all migrations at once`);
      }
      registry.stores.push({ plugin, migrations });
      return pluginStore(plugin, parts);
    },
    route: (method, path, handler, { role } = {}) => {
      registering(`route ${method} ${path}`);
      registry.addRoute({ plugin, method, path, handler, ...(role && { role }) });
    },
    serve: (serve) => {
      registering(`listener ${serve.name}`);
      return registry.addServer(plugin, serve);
    },
    command: (command) => {
      registering(`command ${command.path}`);
      registry.addCommand(plugin, command);
    },
    onErase: (handler) => {
      registering("a handler of erasures");
      registry.erasers.push({ plugin, handler });
    },
    counter: (metric) => meter.counter(metric),
    gauge: (metric) => meter.gauge(metric),
    histogram: (metric) => meter.histogram(metric),
  };
}

/** A plugin's face of the store. */
export function pluginStore(plugin: string, parts: OpenParts): PluginStore {
  const open = (verb: string): Store => {
    if (parts.store) return parts.store;
    throw new Error(
      `Cannot ${verb} the store for ${plugin}: it is not open; do it from start on, before stop`,
    );
  };
  return {
    write: async (work, options) => await open("write to").write(work, options),
    read: (work) => open("read").read(work),
  };
}
