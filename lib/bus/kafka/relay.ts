import { KafkaBus } from "./kafka_bus.ts";
import type { KafkaSettings } from "./settings.ts";
import { Relay, type RelayOptions } from "../relay/relay.ts";

/**
 * A relay with a Kafka client of its own, whose sends wait as long as an outage lasts. Closing the relay closes it.
 * Nothing is connected before `start`.
 */
export function kafkaRelay(
  settings: KafkaSettings,
  options: Omit<RelayOptions, "target" | "onClosed">,
): Relay {
  const target = new KafkaBus(settings, {
    log: options.logger,
    clock: options.clock,
    sendDeadlineMs: Infinity,
    onSendTrouble: (error) => relay.hangs(error),
  });
  const relay: Relay = new Relay({ ...options, target, onClosed: () => target.close() });
  return relay;
}
