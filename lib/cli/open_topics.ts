import { existsSync } from "node:fs";
import type { TopicAdmin } from "../bus/contract.ts";
import { openLocalLog } from "../bus/local/local_bus.ts";
import { planLocalTopics } from "../bus/local/topics.ts";
import { deadLetterTopic } from "../bus/stream/dead_letters.ts";
import type { Loaded } from "../config/load.ts";
import { kafkaSettingsOf } from "../plugin/kafka_settings_of.ts";
import type { WantedTopic } from "../plugin/topics.ts";
import { openStore } from "../store/open_store.ts";
import { type ConfigCall, loadConfiguration } from "./configuration.ts";

/** The topics there are, and those that should be. */
export interface OpenTopics extends AsyncDisposable {
  readonly bus: "kafka" | "local";
  /** For a person: `Kafka at host:9092`. */
  readonly where: string;
  /** The file, where the bus is the log in it. */
  readonly file?: string;
  readonly admin: TopicAdmin;
  /** Those that belong on this bus. */
  readonly wanted: readonly WantedTopic[];
  /** Whether the configuration says how many copies a topic, or that whose dead letters it takes, has. */
  isConfigured(topic: WantedTopic): boolean;
}

/** How topics are opened. */
export interface OpenTopicsOptions {
  /** This agent's own log even where Kafka is configured. */
  local: boolean;
  /** They may be changed; a missing file is made. */
  write: boolean;
}

/**
 * Opens the topics of the bus that this call configures.
 * @throws {ConfigError} the configuration is wrong.
 * @throws {StoreError} the file can't be opened.
 */
export async function openTopics(call: ConfigCall, options: OpenTopicsOptions): Promise<OpenTopics> {
  const { wantedTopics } = await import("./make_host.ts");
  const config = await loadConfiguration(call);
  const wanted = wantedTopics(call, config);
  const configured = new Set(
    Object.entries(config.host.topics).filter(([, { replication }]) => replication !== undefined)
      .flatMap(([logical, { name = logical }]) => [name, deadLetterTopic(name)]),
  );
  const isConfigured = ({ spec }: WantedTopic) => configured.has(spec.name);
  const cluster = kafkaSettingsOf({ kafka: config.host.kafka });
  if (options.local || cluster === undefined) {
    return { ...await openLocal(config, wanted, options), isConfigured };
  }
  const { KafkaBus } = await import("../bus/kafka/kafka_bus.ts");
  const { createLogger } = await import("../telemetry/create_logger.ts");
  const log = createLogger({ level: config.host.logging.level === "debug" ? "debug" : "warn" });
  const bus = new KafkaBus(cluster, { log });
  return {
    bus: "kafka",
    where: `Kafka at ${cluster.bootstrapServers.join(", ")}`,
    admin: bus.topics,
    wanted: wanted.filter(({ spec }) => spec.localOnly !== true),
    isConfigured,
    [Symbol.asyncDispose]: () => bus.close(),
  };
}

async function openLocal(
  config: Loaded,
  wanted: readonly WantedTopic[],
  { write }: OpenTopicsOptions,
): Promise<Omit<OpenTopics, "isConfigured">> {
  const { sqlite: file, power_safe: powerSafe } = config.host.store;
  const open = { bus: "local", where: `the log in ${file}`, file, wanted } as const;
  if (!write && !existsSync(file)) return { ...open, admin: nothing, [Symbol.asyncDispose]: async () => {} };
  const opened = new AsyncDisposableStack();
  try {
    const store = opened.use(await openStore({ file, readOnly: !write, create: write, powerSafe }));
    // A file of tapes has no log before an agent ran on it.
    const hasLog = write ||
      store.read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'log_topics'")) !== undefined;
    const admin = hasLog ? opened.use(await openLocalLog(store)).topics : nothing;
    const own = opened.move();
    return { ...open, admin, [Symbol.asyncDispose]: () => own.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** The topics of a file that is not there yet. */
const nothing: TopicAdmin = {
  describe: () => Promise.resolve([]),
  plan: async (specs) => await planLocalTopics(specs, []),
  apply: () => Promise.reject(new Error("Cannot create topics: the file was opened for reading")),
  deleteRecords: () => Promise.reject(new Error("Cannot delete records: the file does not exist")),
};
