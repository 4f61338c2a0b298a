import { FencedError } from "../bus/contract.ts";
import { BatchSpan } from "./batch_span.ts";
import type { ConsumerClient } from "./consumer_client.ts";
import type { Message } from "./message.ts";
import type { ProducerClient } from "./producer_client.ts";
import { type ClientPublishRequest, isPublishRequest } from "./publish_request.ts";
import { type StreamConfig, streamSettings } from "./stream_config.ts";

/** What a `StreamProcessor` is made of. */
export interface StreamProcessorOptions<V = unknown, K = string | Uint8Array | null> {
  /** Where batches come from. Its owner closes it. */
  consumer: Pick<ConsumerClient<V, K>, "poll" | "commit" | "seek" | "groupId">;
  /** Where outputs go. Its owner closes it. A handler that returns none needs none. */
  producer?: Pick<ProducerClient, "publish">;
  /** Batches and commits. */
  config?: StreamConfig;
}

/**
 * Handles a batch, which is never empty. Returns nothing, or outputs: raw values for `outputTopic`, each with the key
 * of the message at its place, and requests that name their topic.
 */
export type ProcessorHandler<V = unknown, K = string | Uint8Array | null> = (
  batch: Message<V, K>[],
) => ProcessorOutputs | Promise<ProcessorOutputs>;

/** What a `ProcessorHandler` returns. */
export type ProcessorOutputs = void | null | undefined | readonly unknown[] | readonly ClientPublishRequest[];

/** How one batch is processed. */
export interface ProcessOptions {
  /** Topic of raw values that the handler returns. */
  outputTopic?: string;
  /** Ends the wait for a batch. */
  signal?: AbortSignal;
}

/** How batches are processed one after the other. */
export interface RunOptions extends ProcessOptions {
  /** Batches to collect, empty ones included. Default: until `signal` aborts. */
  iterations?: number;
}

/**
 * Consumes in batches, transforms and publishes. At least once: outputs are acknowledged before their batch is
 * committed. A batch that fails is not committed, and is the next one to be collected.
 */
export class StreamProcessor<V = unknown, K = string | Uint8Array | null> {
  readonly #consumer: StreamProcessorOptions<V, K>["consumer"];
  readonly #producer: StreamProcessorOptions<V, K>["producer"];
  readonly #config: Required<StreamConfig>;
  readonly #unsettled = new Set<BatchSpan>();
  /** Met while a batch was filled; told by the next call. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * Reads nothing yet.
   * @throws {ClientConfigError} the configuration can't be used.
   */
  constructor(options: StreamProcessorOptions<V, K>) {
    this.#consumer = options.consumer;
    this.#producer = options.producer;
    this.#config = streamSettings(options.config ?? {});
  }

  /**
   * Up to `batchSize` messages, as many as come within `maxWaitMs`.
   * @throws what the consumer's `poll` throws. What came before was given: nothing is lost.
   */
  async collectBatch(options: Pick<ProcessOptions, "signal"> = {}): Promise<Message<V, K>[]> {
    const { signal } = options;
    const { batchSize, maxWaitMs, pollTimeoutMs, commitOnSuccess } = this.#config;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    const until = performance.now() + maxWaitMs;
    let timeoutMs = maxWaitMs === 0 ? pollTimeoutMs : Math.min(pollTimeoutMs, maxWaitMs);
    // What commits by itself must not commit what this processor still works on.
    const handled = !commitOnSuccess && this.#unsettled.size === 0;
    const batch = await this.#consumer.poll({ timeoutMs, maxRecords: batchSize, signal, handled });
    while (batch.length < batchSize && !signal?.aborted) {
      const left = until - performance.now();
      if (left <= 0) break;
      timeoutMs = Math.min(pollTimeoutMs, left);
      try {
        const maxRecords = batchSize - batch.length;
        const more = await this.#consumer.poll({ timeoutMs, maxRecords, signal, handled: false });
        for (const message of more) batch.push(message);
      } catch (error) {
        if (batch.length === 0) throw error;
        this.#failure = { error };
        break;
      }
    }
    return batch;
  }

  /**
   * Collects, handles and publishes one batch, and commits it. Gives how many messages it had.
   * @throws what the handler, the producer, or the consumer threw; the batch is not committed and comes again.
   */
  async processOnce(handler: ProcessorHandler<V, K>, options: ProcessOptions = {}): Promise<number> {
    return await this.run(handler, { ...options, iterations: 1 });
  }

  /**
   * Processes batch after batch; gives how many messages they had. While the outputs of one are acknowledged and it is
   * committed, the next is collected and handled already. An abort ends it after the batch at hand.
   * @throws what the handler, the producer, or the consumer threw; what is not committed comes again.
   */
  async run(handler: ProcessorHandler<V, K>, options: RunOptions = {}): Promise<number> {
    const { iterations = Infinity, signal, outputTopic } = options;
    let total = 0;
    let settling: Promise<void> = Promise.resolve();
    try {
      for (let i = 0; i < iterations && !signal?.aborted; i++) {
        const batch = await this.collectBatch({ signal });
        if (batch.length === 0) continue;
        const count = batch.length;
        const span = new BatchSpan(batch);
        this.#unsettled.add(span);
        const stored = this.#publish(batch, await handler(batch), outputTopic);
        // One batch ahead, not more: its outputs are stored before those of the one after the next are made.
        await settling;
        settling = this.#settle(span, stored);
        settling.catch(() => undefined);
        total += count;
      }
      await settling;
      return total;
    } catch (error) {
      await settling.catch(() => undefined);
      this.#rewind();
      throw error;
    }
  }

  /** Publishes outputs in their order; resolves when all are acknowledged, or taken. */
  #publish(
    batch: readonly Message<V, K>[],
    outputs: ProcessorOutputs,
    outputTopic: string | undefined,
  ): Promise<void> {
    if (outputs === undefined || outputs === null) return Promise.resolve();
    if (!Array.isArray(outputs)) {
      throw new TypeError(
        "Cannot use what the handler returned: it is no list; return a list of values, or nothing",
      );
    }
    const producer = this.#producer;
    if (producer === undefined) {
      throw new TypeError(
        "Cannot publish what the handler returned: the processor has no producer; give it one",
      );
    }
    const wait = this.#config.waitForPublish;
    const requests = outputs.map((item: unknown, i) => toRequest(item, batch[i]?.key, outputTopic));
    const stored = allSettled(
      requests.map(({ topic, value, timestamp, timestampMs = timestamp, ...rest }) =>
        producer.publish(topic, value, { ...rest, timestampMs, wait })
      ),
    );
    stored.catch(() => undefined);
    return stored;
  }

  async #settle(span: BatchSpan, stored: Promise<void>): Promise<void> {
    await stored;
    if (this.#config.commitOnSuccess && this.#consumer.groupId !== null) {
      try {
        await this.#consumer.commit(span.last);
      } catch (error) {
        // The partition's new member handles the batch again.
        if (!(error instanceof FencedError)) throw error;
      }
    }
    this.#unsettled.delete(span);
  }

  /** The next batch begins where the first one that was not settled began. */
  #rewind(): void {
    for (const span of [...this.#unsettled].reverse()) span.rewind(this.#consumer);
    this.#unsettled.clear();
  }
}

function toRequest(item: unknown, key: unknown, outputTopic: string | undefined): ClientPublishRequest {
  if (isPublishRequest(item)) return item;
  if (outputTopic === undefined) {
    throw new TypeError(
      "Cannot publish a raw value: there is no outputTopic; name one, or return { topic, value }",
    );
  }
  return { topic: outputTopic, value: item, key };
}

/** Waits for all of them, then rejects with the first failure: none is still under way when it is handled again. */
async function allSettled(promises: readonly Promise<unknown>[]): Promise<void> {
  try {
    await Promise.all(promises);
  } catch (error) {
    await Promise.allSettled(promises);
    throw error;
  }
}
