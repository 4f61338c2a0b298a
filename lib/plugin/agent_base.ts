import { Bus } from "../bus/bus.ts";
import type { Clock } from "../bus/clock.ts";
import type { TopicSpec } from "../bus/contract.ts";
import { openLocalLog } from "../bus/local/local_bus.ts";
import { topicCodecs } from "../bus/topic_codecs.ts";
import { TopicNames } from "../bus/topic_names.ts";
import { diskSpace } from "../store/disk_space.ts";
import { openStore } from "../store/open_store.ts";
import type { SqliteStore } from "../store/sqlite_store.ts";
import { WriteTurns } from "../store/write_turns.ts";
import type { Logger } from "../telemetry/logger.ts";
import { errorChain } from "../telemetry/plain.ts";
import type { OpenParts } from "./context.ts";
import type { HostOptions, HostSettings } from "./host_contract.ts";
import type { KafkaContext, KafkaPart } from "./host_parts.ts";
import { kafkaSettingsOf } from "./kafka_settings_of.ts";
import { prepareStore } from "./prepare_store.ts";
import type { Registry } from "./registry.ts";
import { type StopSteps, within } from "./steps.ts";
import { StorageMonitor } from "./storage_monitor.ts";
import type { StorageState } from "./storage_state.ts";
import { takeOver } from "./take_over.ts";

/** Milliseconds a stop has to send what Kafka has not got yet. */
const LAST_PASS_MS = 5_000;

/** What an agent's base is made of. */
export interface AgentBaseOptions {
  options: HostOptions;
  registry: Registry;
  /** Filled while the base is open. */
  parts: OpenParts;
  clock: Clock;
  log: Logger;
  /** Told of each look at the disk. */
  onLook(state: StorageState): void;
}

/** What streams and plugins stand on: the store, the log in it, the bus with Kafka and relay, and the room on the disk. */
export class AgentBase {
  /** Open from `open` to `close`. */
  store: SqliteStore | undefined;
  /** Open from `open` to `close`. */
  bus: Bus | undefined;
  /** Where the configuration has a Kafka. */
  kafka: KafkaPart | undefined;
  storage: StorageMonitor | undefined;
  /** Records Kafka has not got when all is closed. */
  waiting = 0;
  /** Who may write to the file next, here and in threads. */
  readonly turns = new WriteTurns("first");
  readonly #of: AgentBaseOptions;

  constructor(options: AgentBaseOptions) {
    this.#of = options;
  }

  /**
   * Opens all of it but the connection to Kafka; gives the topics as they should be.
   * @throws {Error} names what failed; what had been opened waits for `close`.
   */
  async open(): Promise<TopicSpec[]> {
    const { options, registry, parts, clock, log: logger } = this.#of;
    const { settings, storeFile, meter, random = Math.random } = options;
    const powerSafe = settings.store.power_safe ?? false;
    const store = this.store = await openStore({
      file: storeFile,
      powerSafe,
      checkpoints: "elsewhere",
      turns: this.turns,
    });
    const log = await openLocalLog(store, {
      log: options.log.child({ component: "log" }),
      now: () => clock.now(),
      lane: { storeFile, powerSafe, turns: this.turns.memory },
    });
    await takeOver(log, storeFile, logger);
    const names = new TopicNames(registry.topics.renamed(settings.topics));
    const codecs = await topicCodecs(registry.topics.values(), options.redaction);
    const specs = await prepareStore(store, log, registry, options);
    const kafka = this.kafka = await this.#openKafka({
      log,
      specs,
      realName: (topic) => names.real(topic),
      logger: options.log,
      meter,
      clock,
      random,
    });
    const bus = this.bus = new Bus({ log, names, codecs, meter, kafka: kafka?.driver, relay: kafka?.relay });
    this.storage = new StorageMonitor({
      freeDisk: () => (options.parts?.freeDisk ?? diskSpace)(storeFile),
      logBytes: () => log.bytes(),
      minFreeDisk: settings.store.min_free_disk,
      maxLogBytes: settings.log.max_bytes,
      log: options.log.child({ component: "storage" }),
      meter,
      clock: options.parts?.clockOf?.("storage") ?? clock,
      onLook: (state) => this.#of.onLook(state),
    });
    await this.storage.start();
    Object.assign(parts, { store, bus, storage: this.storage });
    options.parts?.opened?.(bus);
    return specs;
  }

  /**
   * Takes other limits and topics of the local log.
   * @throws {Error} two topics would share a name, or a topic can't be so.
   */
  async apply(settings: HostSettings): Promise<void> {
    const { store, bus, storage } = this;
    if (!store || !bus) throw new Error("Cannot reload: the agent's file is not open");
    await prepareStore(store, bus.log, this.#of.registry, { settings, log: this.#of.options.log });
    storage?.limit({ minFreeDisk: settings.store.min_free_disk, maxLogBytes: settings.log.max_bytes });
    await storage?.look();
  }

  /** Sends what waits in the local log, until `signal` aborts; `null` without Kafka. */
  async drainOutbox(signal: AbortSignal): Promise<{ drained: boolean; lag: number; detail?: string } | null> {
    const relay = this.kafka?.relay;
    if (!relay) return null;
    try {
      await within(signal, relay.caughtUp(signal));
      return { drained: true, lag: await relay.lag() };
    } catch (error) {
      return { drained: false, lag: await relay.lag(), detail: relay.health().detail ?? errorChain(error) };
    }
  }

  /** Ends the relay, with a last pass of it where `drain` says so, and the connection to Kafka. */
  async closeKafka(steps: StopSteps, signal: AbortSignal, { drain }: { drain: boolean }): Promise<void> {
    const { kafka } = this;
    if (!kafka) return;
    if (drain && kafka.health().status === "ok") {
      await this.drainOutbox(AbortSignal.any([signal, AbortSignal.timeout(LAST_PASS_MS)]));
    }
    await steps.run("relay", () => within(signal, kafka.relay.stop(signal)));
    await steps.run("Kafka", () => within(signal, kafka[Symbol.asyncDispose]()));
    await steps.run("outbox", async () => this.waiting = await kafka.relay.lag());
  }

  /** Closes log and store, behind everything that uses them. */
  async close(steps: StopSteps): Promise<void> {
    const { parts } = this.#of;
    await steps.run("storage monitor", () => this.storage?.stop());
    delete parts.bus;
    delete parts.storage;
    await steps.run("log", () => this.bus?.log.close());
    delete parts.store;
    await steps.run("store", () => this.store?.close());
  }

  /** Kafka's client costs a third of a second to load: only an agent that uses it pays. */
  async #openKafka(context: KafkaContext): Promise<KafkaPart | undefined> {
    const { settings, parts } = this.#of.options;
    if (parts?.openKafka) return parts.openKafka(context);
    if (kafkaSettingsOf(settings) === undefined) return undefined;
    const { openKafka } = await import("./open_kafka.ts");
    return openKafka(settings, context);
  }
}
