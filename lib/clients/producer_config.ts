import * as z from "zod";
import { checkConfig } from "./check_config.ts";
import {
  checkConnection,
  type ConnectionConfig,
  type ConnectionSettings,
  connectionShape,
  filled,
  wholeNumber,
} from "./connection_config.ts";
import type { KafkaEnvironment } from "./environment.ts";

/** How a producer sends. */
export interface KafkaProducerConfig extends ConnectionConfig {
  /**
   * Which acknowledgement a record waits for. `"all"` (default): of all replicas in sync, by an idempotent producer:
   * nothing is lost, doubled or reordered by retries. `1`: of the leader alone; a record may be lost with it, and a
   * retry may double one. `0`: none; a record counts as stored when it was written to the socket, and has no offset.
   */
  acks?: "all" | "0" | "1" | 0 | 1 | -1;
  /**
   * Milliseconds a record may wait for others to share its batch, while several batches of its topic are under way;
   * with fewer it leaves at once. Default 5.
   */
  lingerMs?: number;
  /** Default `"none"`; `null` is the same. Worth it where the network is narrower than the processor. */
  compressionType?: "none" | "gzip" | "snappy" | "lz4" | "zstd" | null;
  /** How often a request is tried again. `null` (default): as often as `requestTimeoutMs` leaves time for. */
  retries?: number | null;
  /** Milliseconds a record may be under way, retries included, before it counts as failed. Default 30,000. */
  requestTimeoutMs?: number;
  /** Further settings. One that is not listed is refused. */
  extra?: ProducerExtra;
}

/** What can be tuned beyond `KafkaProducerConfig`. */
export interface ProducerExtra {
  /** Bytes of one batch. Default 900,000, which Kafka's own limit of 1 MiB leaves room around. */
  batchSize?: number;
  /** Records of one batch. Default 2,000. */
  batchRecords?: number;
  /** Bytes published and not acknowledged; above it `publish` waits. Default 33,554,432. */
  bufferMemory?: number;
  /** Largest record in bytes; a larger one is refused before it is sent. Default 1,048,576. */
  maxRequestSize?: number;
}

/** A producer's settings with every default in its place. */
export interface ProducerSettings extends ConnectionSettings {
  readonly acks: "all" | 0 | 1;
  readonly lingerMs: number;
  readonly compressionType: "none" | "gzip" | "snappy" | "lz4" | "zstd";
  readonly retries: number | null;
  readonly requestTimeoutMs: number;
  readonly extra: Required<ProducerExtra>;
}

const WHAT = "the producer's configuration";
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const ACKS = { all: "all", "-1": "all", 0: 0, 1: 1 } as const;

const extra = z.strictObject({
  batchSize: wholeNumber(1).default(900_000),
  batchRecords: wholeNumber(1).default(2_000),
  bufferMemory: wholeNumber(1).default(33_554_432),
  maxRequestSize: wholeNumber(1).default(1_048_576),
}, { error: "must be a table of settings" });

const schema = z.strictObject({
  ...connectionShape,
  clientId: z.string({ error: "must be a text" }).regex(/^\S+$/, { error: "must be a text without spaces" })
    .default("capstan-producer"),
  acks: z.literal(["all", "0", "1", 0, 1, -1], { error: 'must be "all", 0 or 1' })
    .transform((acks) => ACKS[acks]).default("all"),
  lingerMs: wholeNumber(0).default(5),
  compressionType: z.enum(COMPRESSIONS, { error: `must be one of ${COMPRESSIONS.join(", ")}` }).nullable()
    .transform((type) => type ?? "none").default("none"),
  retries: wholeNumber(0).nullable().default(null),
  requestTimeoutMs: wholeNumber(1).default(30_000),
  extra: extra.prefault({}),
}, { error: "must be a table of settings" });

const known = { "": Object.keys(schema.shape), extra: Object.keys(extra.shape) };

/**
 * Checks a producer's configuration and fills in what it leaves out: from the environment, then by defaults.
 * @throws {ClientConfigError} it can't be used; every problem is named.
 */
export function producerSettings(
  config: KafkaProducerConfig,
  environment: KafkaEnvironment = {},
): ProducerSettings {
  const settings: ProducerSettings = checkConfig(WHAT, schema, filled(config, environment), known);
  checkConnection(WHAT, settings);
  return settings;
}
