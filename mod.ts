/**
 * Capstan's public API: the types a plugin is written with, and clients for programs that use the bus as a library,
 * without the agent.
 *
 * @example A plugin: a module's default export, which imports types alone
 * ```ts
 * import type { Plugin } from "capstan";
 *
 * const settings = { from: { type: "integer", default: 1_000, doc: "Tokens from which a turn is told." } } as const;
 *
 * export default {
 *   name: "long_turns",
 *   config: settings,
 *   setup(ctx, { from }) {
 *     ctx.stream<{ id: string; usage?: { total_tokens?: number } }>({ topics: ["tapes.turns.v1"] }, (batch) => {
 *       for (const { data } of batch.records) {
 *         const tokens = data.usage?.total_tokens ?? 0;
 *         if (tokens >= from) ctx.log.info("A long turn.", { id: data.id, tokens });
 *       }
 *     });
 *   },
 * } satisfies Plugin<typeof settings>;
 * ```
 *
 * @example Records without an agent, on a log in a file; on Kafka with `bootstrapServers` instead of `bus`
 * ```ts
 * import { ConsumerClient, ProducerClient } from "capstan";
 *
 * const bus = `local:${await Deno.makeTempDir()}/bus.sqlite`;
 * await using producer = new ProducerClient({ config: { bus } });
 * await producer.publish("greetings", { text: "hello" }, { key: "ann" });
 * await producer.flush();
 *
 * const config = { bus, topics: ["greetings"], groupId: "readers", autoOffsetReset: "earliest" } as const;
 * await using consumer = new ConsumerClient<{ text: string }>({ config });
 * const [first] = await consumer.poll();
 * if (first?.value.text !== "hello") throw new Error("no greeting came");
 * await consumer.commit();
 * ```
 *
 * @module
 */
export type * from "./lib/plugin/contract.ts";
export type * from "./lib/config/schema.ts";
export type * from "./lib/bus/contract.ts";
export { FencedError } from "./lib/bus/contract.ts";
export type { Migration, Reader, SqlRow, SqlValue, Transaction } from "./lib/store/contract.ts";
export type { LogFields, Logger, LogLevel } from "./lib/telemetry/logger.ts";
export type { Counter, Gauge, Histogram, Labels, MetricOptions } from "./lib/telemetry/metrics.ts";

export { ProducerClient } from "./lib/clients/producer_client.ts";
export type { ProducerClientOptions, PublishOptions } from "./lib/clients/producer_client.ts";
export { ConsumerClient } from "./lib/clients/consumer_client.ts";
export type { ConsumerClientOptions, PollOptions } from "./lib/clients/consumer_client.ts";
export { StreamProcessor } from "./lib/clients/stream_processor.ts";
export type {
  ProcessOptions,
  ProcessorHandler,
  ProcessorOutputs,
  RunOptions,
  StreamProcessorOptions,
} from "./lib/clients/stream_processor.ts";
export { ClientMetrics } from "./lib/clients/client_metrics.ts";
export type { FollowedGroup } from "./lib/clients/client_metrics.ts";
export { KafkaEventProducer } from "./lib/clients/event_producer.ts";
export { KafkaEventConsumer } from "./lib/clients/event_consumer.ts";
export type { ConsumeOptions, EventHandler } from "./lib/clients/event_consumer.ts";
export type { ConnectionConfig } from "./lib/clients/connection_config.ts";
export { kafkaConfigFrom } from "./lib/clients/kafka_config_from.ts";
export type { KafkaConfigFromOptions, KafkaFileConfig } from "./lib/clients/kafka_config_from.ts";
export type { KafkaProducerConfig, ProducerExtra } from "./lib/clients/producer_config.ts";
export type { ConsumerExtra, KafkaConsumerConfig } from "./lib/clients/consumer_config.ts";
export type { StreamConfig } from "./lib/clients/stream_config.ts";
export type { Message } from "./lib/clients/message.ts";
export type { ProduceResult } from "./lib/clients/produce_result.ts";
export type { ClientPublishRequest, PublishHeaders } from "./lib/clients/publish_request.ts";
export { AuditLogger } from "./lib/clients/audit_logger.ts";
export type { AuditEntry, AuditProducer } from "./lib/clients/audit_logger.ts";
export type { AuditEvent } from "./lib/clients/audit_event.ts";
export type { Serializer } from "./lib/clients/serialize.ts";
export type { Deserializer } from "./lib/clients/deserialize.ts";
export { ClientConfigError } from "./lib/clients/config_error.ts";
export { ClientTimeoutError } from "./lib/clients/timeout_error.ts";
export { ClientClosedError } from "./lib/clients/closed_error.ts";
export { BufferFullError } from "./lib/clients/buffer_full_error.ts";
export { PublishFailures } from "./lib/clients/publish_failures.ts";
export { DeserializeError } from "./lib/clients/deserialize_error.ts";
