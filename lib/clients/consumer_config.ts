import * as z from "zod";
import { checkConfig } from "./check_config.ts";
import { ClientConfigError } from "./config_error.ts";
import {
  checkConnection,
  type ConnectionConfig,
  type ConnectionSettings,
  connectionShape,
  filled,
  wholeNumber,
} from "./connection_config.ts";
import type { KafkaEnvironment } from "./environment.ts";

/** What a consumer reads and how. */
export interface KafkaConsumerConfig extends ConnectionConfig {
  /** Names of the topics, at least one. */
  topics: readonly string[];
  /**
   * Consumer group. `null` reads all partitions without a group and never commits. Left out: `KAFKA_CONSUMER_GROUP`,
   * else `null`.
   */
  groupId?: string | null;
  /**
   * Where partitions without a committed offset start: with what the topic still keeps, with what comes from now on
   * (default), or not at all: `"none"` is an error that names the partition. As on Kafka, "now" is when the partition
   * comes to a member: until the group has committed, what lies between two starts is not read.
   */
  autoOffsetReset?: "earliest" | "latest" | "none";
  /**
   * Whether a poll commits what earlier polls have handed out: who asks for more has handled what there was. What the
   * last poll gave is not committed by `close`. Default false.
   */
  enableAutoCommit?: boolean;
  /** Records of one poll at most. Default 500. */
  maxPollRecords?: number;
  /** Milliseconds a poll waits for records. Default 1,000. */
  pollTimeoutMs?: number;
  /** Milliseconds without a sign of life after which a member's partitions go to others. Default 10,000. */
  sessionTimeoutMs?: number;
  /** Further settings. One that is not listed is refused. */
  extra?: ConsumerExtra;
}

/** What can be tuned beyond `KafkaConsumerConfig`. */
export interface ConsumerExtra {
  /** Milliseconds between two commits of `enableAutoCommit`, at least. Default 5,000. */
  autoCommitIntervalMs?: number;
  /** Milliseconds between two signs of life. Default a tenth of `sessionTimeoutMs`, at most 1,000. */
  heartbeatIntervalMs?: number;
  /** Milliseconds members have to finish what they do when partitions move; Kafka alone. Default 60,000. */
  rebalanceTimeoutMs?: number;
  /** Bytes of one poll at most, but for the first record. Default 52,428,800. */
  fetchMaxBytes?: number;
}

/** A consumer's settings with every default in its place. */
export interface ConsumerSettings extends ConnectionSettings {
  readonly topics: readonly string[];
  readonly groupId: string | null;
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  readonly enableAutoCommit: boolean;
  readonly maxPollRecords: number;
  readonly pollTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly extra: ConsumerExtra & Required<Omit<ConsumerExtra, "heartbeatIntervalMs">>;
}

const WHAT = "the consumer's configuration";
const TOPICS = "must be a list of names, at least one";
const RESETS = ["earliest", "latest", "none"] as const;

const extra = z.strictObject({
  autoCommitIntervalMs: wholeNumber(0).default(5_000),
  heartbeatIntervalMs: wholeNumber(1).optional(),
  rebalanceTimeoutMs: wholeNumber(1).default(60_000),
  fetchMaxBytes: wholeNumber(1).default(52_428_800),
}, { error: "must be a table of settings" });

const schema = z.strictObject({
  ...connectionShape,
  topics: z.array(z.string({ error: TOPICS }).min(1, { error: TOPICS }), { error: TOPICS }).min(1, {
    error: TOPICS,
  }),
  clientId: z.string({ error: "must be a text" }).regex(/^\S+$/, { error: "must be a text without spaces" })
    .default("capstan-consumer"),
  groupId: z.string({ error: "must be a text, or null" }).min(1, { error: "must be a text, or null" })
    .nullable().default(null),
  autoOffsetReset: z.enum(RESETS, { error: `must be one of ${RESETS.join(", ")}` }).default("latest"),
  enableAutoCommit: z.boolean({ error: "must be true or false" }).default(false),
  maxPollRecords: wholeNumber(1).default(500),
  pollTimeoutMs: wholeNumber(0).default(1_000),
  sessionTimeoutMs: wholeNumber(1).default(10_000),
  extra: extra.prefault({}),
}, { error: "must be a table of settings" });

const known = { "": Object.keys(schema.shape), extra: Object.keys(extra.shape) };

/**
 * Checks a consumer's configuration and fills in what it leaves out: from the environment, then by defaults.
 * @throws {ClientConfigError} it can't be used; every problem is named.
 */
export function consumerSettings(
  config: KafkaConsumerConfig,
  environment: KafkaEnvironment = {},
): ConsumerSettings {
  const { groupId } = environment;
  const given = config?.groupId === undefined && groupId !== undefined ? { ...config, groupId } : config;
  const settings: ConsumerSettings = checkConfig(WHAT, schema, filled(given, environment), known);
  checkConnection(WHAT, settings);
  const problems: string[] = [];
  if (settings.groupId === null && settings.enableAutoCommit) {
    problems.push("enableAutoCommit needs a groupId: without a group nothing is committed");
  }
  if (settings.groupId === null && settings.autoOffsetReset === "none") {
    problems.push('autoOffsetReset "none" needs a groupId: without a group no offset is committed');
  }
  if (problems.length > 0) throw new ClientConfigError(WHAT, problems);
  return settings;
}
