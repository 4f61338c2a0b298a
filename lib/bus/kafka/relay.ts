import { type BusMetrics, countedSend } from "../metrics.ts";
import { KafkaBus } from "./kafka_bus.ts";
import type { KafkaSettings } from "./settings.ts";
import type { RelayTarget } from "../relay/target.ts";
import { Relay, type RelayOptions } from "../relay/relay.ts";

/** What a relay to Kafka works with. */
export interface KafkaRelayOptions extends Omit<RelayOptions, "target" | "onClosed"> {
  /** Counts what it sends, where Kafka is the bus. */
  metrics?: BusMetrics;
  /** See `RelayTarget`. */
  topicsTried?: Promise<void>;
}

/**
 * A relay with a Kafka client of its own, whose sends wait as long as an outage lasts. Closing the relay closes it.
 * Nothing is connected before `start`.
 */
export function kafkaRelay(
  settings: KafkaSettings,
  { metrics, topicsTried, ...options }: KafkaRelayOptions,
): Relay {
  const kafka = new KafkaBus(settings, {
    log: options.logger,
    clock: options.clock,
    sendDeadlineMs: Infinity,
    onSendTrouble: (error) => relay.hangs(error),
  });
  const target: RelayTarget = {
    send: metrics ? countedSend(kafka, metrics) : (records, how) => kafka.send(records, how),
    topics: kafka.topics,
    isRetryable: (error) => kafka.isRetryable(error),
    topicsTried,
  };
  const relay: Relay = new Relay({ ...options, target, onClosed: () => kafka.close() });
  return relay;
}
