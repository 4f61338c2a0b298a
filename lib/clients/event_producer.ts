import type { BusDriver } from "../bus/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ClientMetrics } from "./client_metrics.ts";
import { ProducerClient } from "./producer_client.ts";
import type { KafkaProducerConfig } from "./producer_config.ts";

/**
 * Publishes events as JSON and waits until each is stored. `Topics` gives names and events of topics a type.
 */
export class KafkaEventProducer<Topics extends object = Record<string, unknown>> implements AsyncDisposable {
  readonly #client: ProducerClient<Topics>;

  /**
   * Connects nothing yet. `producer` sends in place of a bus of its own; `metrics` counts what is stored; `log` takes
   * what no caller is told.
   * @throws {ClientConfigError} the configuration can't be used.
   */
  constructor(
    config: KafkaProducerConfig = {},
    options: { producer?: Pick<BusDriver, "send">; metrics?: ClientMetrics; log?: Logger } = {},
  ) {
    this.#client = new ProducerClient<Topics>({ config, ...options });
  }

  /**
   * Resolves when the event is stored. Events of one key keep their order and go to one partition.
   * @throws what `ProducerClient.publish` throws; the event may not be stored.
   */
  async publish<T extends keyof Topics & string>(
    topic: T,
    event: Topics[T],
    key?: string | null,
  ): Promise<void> {
    await this.#client.publish(topic, event, { key });
  }

  /** Sends what waits, then lets go of the bus. Safe twice. */
  close(): Promise<void> {
    return this.#client.close();
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
