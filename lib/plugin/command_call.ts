import { callAgent } from "../access/call_agent.ts";
import type { Bus } from "../bus/bus.ts";
import type { BusRecord } from "../bus/contract.ts";
import type { KafkaSettings } from "../bus/kafka/settings.ts";
import { openStore } from "../store/open_store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { CommandCall, ReadOnlyFile } from "./contract.ts";
import { eraseSubject } from "./erase_subject.ts";
import type { Registry } from "./registry.ts";
import { type OpenParts, pluginStore } from "./context.ts";
import type { CommandInput } from "./host_contract.ts";
import type { ClusterTopic } from "./kafka_records.ts";
import { ProgressLine } from "./progress_line.ts";

/** What a command's call is made of. */
export interface CommandCallOptions {
  plugin: string;
  input: CommandInput;
  parts: OpenParts;
  bus: Bus;
  storeFile: string;
  registry: Registry;
  /** Whether records of the local log go to Kafka. */
  relays: boolean;
  /** Where the bus is Kafka. */
  cluster?: KafkaSettings;
  log: Logger;
  /** Throws where nothing more is to be written. */
  guard(): Promise<void>;
  /** The configured admin token. */
  token?: string;
}

/** Records read at once, and their bytes. */
const CHUNK = { records: 500, bytes: 4 * 1024 * 1024 };

/** What a running command is given. */
export function commandCall(
  { plugin, input, parts, bus, storeFile, registry, relays, cluster, log: logger, token, guard }:
    CommandCallOptions,
): CommandCall {
  const { log } = bus;
  return {
    ...input,
    store: pluginStore(plugin, parts),
    publish: async (requests) => {
      await guard();
      return await bus.publish(requests, { signal: input.signal });
    },
    commit: async (write) => {
      await guard();
      await log.store.write((tx) => {
        const requests = write(tx) ?? [];
        log.append(tx, requests.map((request) => bus.encode(request)));
      }, { signal: input.signal });
    },
    records: (topic, options) =>
      options?.from === "bus" && cluster
        ? clusterRecords(cluster, { topic, name: bus.names.real(topic), log: logger, signal: input.signal })
        : keptRecords(bus, topic),
    openFile: async (path): Promise<ReadOnlyFile> => {
      const store = await openStore({ file: path, readOnly: true });
      return { read: (work) => store.read(work), [Symbol.asyncDispose]: () => store.close() };
    },
    erase: (subject, show = () => Promise.resolve()) =>
      eraseSubject({ subject, show, bus, storeFile, registry, relays, signal: input.signal }),
    progress: () => new ProgressLine(input.stderr),
    admin: (path, init) => callAgent({ storeFile, path, init, token }),
  };
}

/** Every record a topic has at the time of the call, oldest first by partition, under its logical name. */
async function* keptRecords({ log, names }: Bus, topic: string): AsyncGenerator<BusRecord> {
  const [found] = await log.topics.describe([names.real(topic)]);
  for (const { partition, startOffset, endOffset } of found?.partitions ?? []) {
    let offset = startOffset;
    while (offset < endOffset) {
      const at = { topic: names.real(topic), partition, offset };
      const records = log.store.read((db) => log.readFrom(db, at, CHUNK.records, CHUNK.bytes));
      const last = records.at(-1);
      if (!last) break;
      for (const record of records) if (record.offset < endOffset) yield { ...record, topic };
      offset = last.offset + 1;
    }
  }
}

/** The client is heavy: only who reads Kafka loads it. */
async function* clusterRecords(cluster: KafkaSettings, topic: ClusterTopic): AsyncGenerator<BusRecord> {
  const { kafkaRecords } = await import("./kafka_records.ts");
  yield* kafkaRecords(cluster, topic);
}
