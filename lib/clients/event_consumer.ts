import { FencedError, type Subscription } from "../bus/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import { BatchSpan } from "./batch_span.ts";
import type { ClientMetrics } from "./client_metrics.ts";
import { ConsumerClient } from "./consumer_client.ts";
import type { KafkaConsumerConfig } from "./consumer_config.ts";
import type { Message } from "./message.ts";

/** Handles one event. The next one comes when it is done. */
export type EventHandler<V = unknown> = (
  topic: string,
  value: V,
  message: Message<V>,
) => void | Promise<void>;

/** How events are consumed. */
export interface ConsumeOptions<V = unknown> {
  /** Ends the task after the event at hand. */
  signal?: AbortSignal;
  /**
   * Told of what a handler throws; the event then counts as handled and the next one follows. Throwing ends the task.
   * Without it what a handler throws ends the task, and the event comes again with the next start.
   */
  onError?(error: unknown, message: Message<V>): void | Promise<void>;
}

/** Hands events to a handler, one by one, in the background. */
export class KafkaEventConsumer<V = unknown> implements AsyncDisposable {
  readonly #client: ConsumerClient<V>;
  readonly #closing = new AbortController();
  #task: Promise<void> | undefined;

  /**
   * Connects nothing yet. Without a committed offset it starts with what is published from then on (`latest`), unless
   * the configuration says otherwise. `consumer` reads in place of a subscription of its own; `metrics` counts what is
   * read.
   * @throws {ClientConfigError} the configuration can't be used.
   */
  constructor(
    config: Omit<KafkaConsumerConfig, "topics">,
    topics: readonly string[],
    options: {
      consumer?: Pick<Subscription, "receive" | "commit" | "seek">;
      metrics?: ClientMetrics;
      log?: Logger;
    } = {},
  ) {
    this.#client = new ConsumerClient<V>({ config: { ...config, topics }, ...options });
  }

  /** Joins the group now; resolves when everything published from then on is seen. `consume` does it by itself. */
  async start(): Promise<void> {
    await this.#client.open();
  }

  /**
   * Hands every event to `handler` and, in a group, commits what was handled. The promise is the background task: it
   * resolves when `signal` aborts or the consumer is closed.
   * @throws what the handler threw, where there is no `onError`; what `ConsumerClient.poll` and `commit` throw.
   */
  async consume(handler: EventHandler<V>, options: ConsumeOptions<V> = {}): Promise<void> {
    if (this.#task !== undefined) throw new TypeError("Cannot consume: a task of this consumer runs already");
    const signals = [this.#closing.signal, options.signal].filter((signal) => signal !== undefined);
    const task = this.#task = this.#consume(handler, options, AbortSignal.any(signals));
    try {
      await task;
    } finally {
      this.#task = undefined;
    }
  }

  /** Ends the task after the event at hand, leaves the group and lets go of the bus. Safe twice. */
  async close(): Promise<void> {
    this.#closing.abort();
    // Who called `consume` is told what ended it.
    await this.#task?.catch(() => undefined);
    await this.#client.close();
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #consume(
    handler: EventHandler<V>,
    { onError }: ConsumeOptions<V>,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const messages = await this.#client.poll({ signal, handled: false });
      let done = 0;
      try {
        for (const message of messages) {
          if (signal.aborted) break;
          try {
            await handler(message.topic, message.value, message);
          } catch (error) {
            if (onError === undefined) throw error;
            await onError(error, message);
          }
          done++;
        }
      } finally {
        new BatchSpan(messages.slice(done)).rewind(this.#client);
        await this.#commit(messages.slice(0, done));
      }
    }
  }

  async #commit(handled: readonly Message<V>[]): Promise<void> {
    if (handled.length === 0 || this.#client.groupId === null) return;
    try {
      await this.#client.commit(new BatchSpan(handled).last);
    } catch (error) {
      // The partition's new member handles these events again.
      if (!(error instanceof FencedError)) throw error;
    }
  }
}
