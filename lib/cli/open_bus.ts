import type { BusDriver } from "../bus/contract.ts";
import { kafkaSettingsOf } from "../plugin/kafka_settings_of.ts";
import { type ConfigCall, loadConfiguration } from "./configuration.ts";
import { openData, topicNameIn } from "./open_data.ts";

/** The bus a command reads. */
export interface OpenBus extends AsyncDisposable {
  readonly bus: BusDriver;
  /** A topic's real name; the user may have given its name in code. */
  topicName(given: string): string;
}

/** How the bus is opened. */
export interface OpenBusOptions {
  /** This agent's own log even where Kafka is configured. */
  local: boolean;
  /** A group's offsets will be committed. */
  write: boolean;
}

/**
 * Opens Kafka where it is the bus, without any file of ours; else the log in the file.
 * @throws {ConfigError} the configuration is wrong.
 * @throws {StoreError} the file is missing, or no SQLite file.
 */
export async function openBus(call: ConfigCall, { local, write }: OpenBusOptions): Promise<OpenBus> {
  const config = await loadConfiguration(call);
  const topicName = topicNameIn(config);
  const cluster = kafkaSettingsOf({ kafka: config.host.kafka });
  if (local || !cluster) {
    const data = await openData(call, { write, config });
    return {
      bus: data.local,
      topicName,
      [Symbol.asyncDispose]: async () => await data[Symbol.asyncDispose](),
    };
  }
  const { KafkaBus } = await import("../bus/kafka/kafka_bus.ts");
  const { createLogger } = await import("../telemetry/create_logger.ts");
  const log = createLogger({ level: config.host.logging.level === "debug" ? "debug" : "warn" });
  const bus = new KafkaBus(cluster, { log });
  return { bus, topicName, [Symbol.asyncDispose]: () => bus.close() };
}
