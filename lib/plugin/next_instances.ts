import type { Bus } from "../bus/bus.ts";
import type { TopicSpec } from "../bus/contract.ts";
import { TopicCodecs, topicCodecs } from "../bus/topic_codecs.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { AgentStreams } from "./agent_streams.ts";
import type { OpenParts } from "./context.ts";
import type { Plugin } from "./contract.ts";
import type { HostOptions, HostSettings } from "./host_contract.ts";
import type { ListenerChange, Listeners } from "./listeners.ts";
import type { PluginGauges } from "./plugin_gauges.ts";
import type { PluginLife } from "./plugin_life.ts";
import { type PluginLives, stopLife } from "./plugin_lives.ts";
import { prepareStore, wantedTopics } from "./prepare_store.ts";
import type { Registry } from "./registry.ts";
import { setUpPlugin } from "./set_up.ts";
import { StopSteps } from "./steps.ts";

/** A plugin and its checked settings. */
export interface WantedPlugin {
  plugin: Plugin;
  settings: unknown;
}

/** The parts of a running agent that a plugin's instance has a share in. */
export interface SharedParts {
  options: HostOptions;
  /** As they are now. */
  settings(): HostSettings;
  registry: Registry;
  parts: OpenParts;
  gauges: PluginGauges;
  lives: PluginLives;
  listeners: Listeners;
  store: SqliteStore;
  bus: Bus;
  streams: AgentStreams;
  /** Topics go to Kafka. */
  isKafka: boolean;
  /** The registry has other routes. */
  routesChanged(): void;
}

/** A plugin's next instance, set up beside the agent; nothing of it runs but what it listens on. */
export interface NextInstance {
  registry: Registry;
  life: PluginLife;
  specs: readonly TopicSpec[];
  codecs: TopicCodecs;
  listeners: ListenerChange;
}

/** Makes instances of plugins in an agent that runs. */
export class NextInstances {
  readonly #parts: SharedParts;
  readonly #log: Logger;
  readonly #ending: AbortSignal;

  /** `ending` aborts when the agent's time to stop is over. */
  constructor(parts: SharedParts, log: Logger, ending: AbortSignal) {
    this.#parts = parts;
    this.#log = log;
    this.#ending = ending;
  }

  /**
   * Sets the next instance up, its tables, topics and listeners with it, beside the one that runs.
   * @throws {Error} it can't be; nothing has changed, but for migrations that were applied.
   */
  async prepare({ plugin, settings }: WantedPlugin): Promise<NextInstance> {
    const { options, registry, parts, gauges, store, bus, listeners } = this.#parts;
    const hostSettings = this.#parts.settings();
    const next = registry.without(plugin.name);
    const { log, meter, clock, redaction } = options;
    const consumerGroup = hostSettings.kafka?.consumer_group;
    const life = setUpPlugin({
      plugin,
      settings,
      registry: next,
      parts,
      gauges,
      log,
      meter,
      clock,
      redaction,
      consumerGroup,
    });
    next.checkValues();
    this.#refuseNewTopics(next);
    const codecs = await topicCodecs(next.topics.values(), options.redaction);
    const specs = await prepareStore(store, bus.log, next, { settings: hostSettings, log });
    const its = next.servers.filter((each) => each.plugin === plugin.name);
    return { registry: next, life, specs, codecs, listeners: await listeners.change(plugin.name, its) };
  }

  /** @throws {Error} a topic is new that Kafka's relay would have to know from the start. */
  #refuseNewTopics(next: Registry): void {
    if (!this.#parts.isKafka) return;
    const settings = this.#parts.settings();
    const known = new Set(wantedTopics(this.#parts.registry, settings).map(({ spec }) => spec.name));
    const unknown = wantedTopics(next, settings).find(({ spec }) => !spec.localOnly && !known.has(spec.name));
    if (unknown) {
      throw new Error(
        `Cannot add topic ${unknown.logical} while the agent runs: its relay to Kafka must know it from the start; ` +
          "start the agent again",
      );
    }
  }

  /**
   * Starts an instance and gives it streams, routes and listeners, in the place of those of its predecessor.
   * @throws {Error} it does not start; the streams are as they were, and its listeners closed.
   */
  async begin(next: NextInstance): Promise<void> {
    const { life, listeners } = next;
    try {
      await life.start(this.#ending);
      await this.#swapStreams(next);
    } catch (error) {
      await listeners.abandon();
      await stopLife(life, new StopSteps(this.#log), this.#ending);
      life.end();
      throw error;
    }
    life.show();
    this.#parts.lives.replace(life.plugin, life);
    listeners.serve();
    this.#parts.routesChanged();
  }

  /** @throws {Error} the Worker can't run the next streams; the former ones run again. */
  async #swapStreams({ registry: next, life: { plugin }, specs, codecs }: NextInstance): Promise<void> {
    const { registry, streams, bus } = this.#parts;
    const before = registry.without("");
    const formerCodecs = new TopicCodecs();
    formerCodecs.become(bus.codecs);
    const formerSpecs = wantedTopics(registry, this.#parts.settings()).map(({ spec }) => spec);
    await streams.end(plugin, new StopSteps(this.#log), this.#ending);
    registry.adopt(plugin, next);
    bus.codecs.become(codecs);
    try {
      await streams.begin(plugin, { values: registry.topics.values(), specs });
    } catch (error) {
      registry.adopt(plugin, before);
      bus.codecs.become(formerCodecs);
      await streams.begin(plugin, { values: registry.topics.values(), specs: formerSpecs });
      throw error;
    }
  }
}
