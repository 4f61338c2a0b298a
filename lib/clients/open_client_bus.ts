import type { BusDriver } from "../bus/contract.ts";
import type { KafkaDriverOptions } from "../bus/kafka/kafka_bus.ts";
import type { KafkaSettings } from "../bus/kafka/settings.ts";
import type { LocalLogOptions } from "../bus/local/local_bus.ts";
import { type ConnectionSettings, isLocal } from "./connection_config.ts";

/** How a client's bus is opened. */
export interface ClientBusOptions {
  /** On Kafka. */
  kafka: KafkaDriverOptions;
  /** On a local file. */
  local?: LocalLogOptions;
}

/** A bus of one client's own. */
export class ClientBus implements AsyncDisposable {
  /** The driver. */
  readonly driver: BusDriver;
  readonly #createTopics: number;
  readonly #end: () => Promise<void>;
  readonly #ready = new Map<string, Promise<void>>();

  /** Use `openClientBus`. `createTopics` are the partitions of a topic that is missing, 0: none is made. */
  constructor(driver: BusDriver, createTopics: number, end: () => Promise<void>) {
    this.driver = driver;
    this.#createTopics = createTopics;
    this.#end = end;
  }

  /** Resolves when the topic may be used: once, it makes it where it is missing and the configuration says so. */
  ready(topic: string): Promise<void> {
    if (this.#createTopics === 0) return Promise.resolve();
    let ready = this.#ready.get(topic);
    if (ready === undefined) {
      ready = this.#create(topic);
      this.#ready.set(topic, ready);
      ready.catch(() => this.#ready.delete(topic));
    }
    return ready;
  }

  /** Ends it. Safe twice. */
  async close(): Promise<void> {
    await this.#end();
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #create(topic: string): Promise<void> {
    const { topics } = this.driver;
    if ((await topics.describe([topic])).length > 0) return;
    await topics.apply([{ name: topic, partitions: this.#createTopics }]);
  }
}

/**
 * Opens the bus of a client's configuration: a local log with its file, or Kafka, which connects when it is first used.
 * @throws {StoreError} the file can't be opened.
 */
export async function openClientBus(
  settings: ConnectionSettings,
  options: ClientBusOptions,
): Promise<ClientBus> {
  // Each is loaded where it is wanted: a program on Kafka needs no SQLite, and the other way round.
  if (isLocal(settings.bus)) {
    const [{ openStore }, { openLocalLog }] = await Promise.all([
      import("../store/open_store.ts"),
      import("../bus/local/local_bus.ts"),
    ]);
    const store = await openStore({ file: settings.bus.slice("local:".length) });
    try {
      const log = await openLocalLog(store, options.local);
      return new ClientBus(log, settings.createTopics ?? 1, async () => {
        try {
          await log.close();
        } finally {
          await store.close();
        }
      });
    } catch (error) {
      await store.close();
      throw error;
    }
  }
  const { KafkaBus } = await import("../bus/kafka/kafka_bus.ts");
  const bus = new KafkaBus(kafkaSettings(settings), options.kafka);
  return new ClientBus(bus, settings.createTopics ?? 0, () => bus.close());
}

function kafkaSettings(settings: ConnectionSettings): KafkaSettings {
  return {
    bootstrapServers: settings.bootstrapServers,
    securityProtocol: settings.securityProtocol,
    saslMechanism: settings.saslMechanism ?? undefined,
    saslUsername: settings.saslPlainUsername ?? undefined,
    saslPassword: settings.saslPlainPassword ?? undefined,
    saslTokenFile: settings.saslTokenFile ?? undefined,
    saslTokenUrl: settings.saslTokenUrl ?? undefined,
    saslTokenClientId: settings.saslTokenClientId ?? undefined,
    saslTokenClientSecret: settings.saslTokenClientSecret ?? undefined,
    saslTokenScope: settings.saslTokenScope ?? undefined,
    sslCaFile: settings.sslCaFile ?? undefined,
    sslCertFile: settings.sslCertFile ?? undefined,
    sslKeyFile: settings.sslKeyFile ?? undefined,
    clientId: settings.clientId,
  };
}
