import { abortable } from "../bus/abortable.ts";
import {
  type BusRecord,
  FencedError,
  type Header,
  type Position,
  type RecordBatch,
  type Subscription,
} from "../bus/contract.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ClientMetrics } from "./client_metrics.ts";
import { ClientClosedError } from "./closed_error.ts";
import { type ConsumerSettings, consumerSettings, type KafkaConsumerConfig } from "./consumer_config.ts";
import { deserializeKey, type Deserializer, deserializeValue } from "./deserialize.ts";
import { DeserializeError } from "./deserialize_error.ts";
import { kafkaEnvironment } from "./environment.ts";
import { HandedOut } from "./handed_out.ts";
import type { Message } from "./message.ts";
import { openReader, type Reader } from "./open_reader.ts";
import { ClientTimeoutError } from "./timeout_error.ts";
import { within } from "./within.ts";

/** What a `ConsumerClient` is made of. */
export interface ConsumerClientOptions<V = unknown, K = string | Uint8Array | null> {
  /** What to read and how. What it leaves out comes from `KAFKA_…` variables, then from the defaults. */
  config: KafkaConsumerConfig;
  /** Reads in place of a subscription of the client's own; `close` leaves it open. For tests. */
  consumer?: Pick<Subscription, "receive" | "commit" | "seek">;
  /** Reads a key. Default: text where it is UTF-8, else bytes. */
  keyDeserializer?: Deserializer<K>;
  /** Reads a value. Default: what its JSON says, else text, else bytes. */
  valueDeserializer?: Deserializer<V>;
  /** Counts what is read, and tells how far the group is behind. Default: nothing is counted. */
  metrics?: ClientMetrics;
  /** Takes what no caller is told. Default: warnings to standard error. */
  log?: Logger;
}

/** How one poll waits. */
export interface PollOptions {
  /** Milliseconds to wait for a first record. Default `pollTimeoutMs`. */
  timeoutMs?: number;
  /** Records at most. Default `maxPollRecords`. */
  maxRecords?: number;
  /** Ends the wait; what came until then is given. */
  signal?: AbortSignal;
  /** For `enableAutoCommit`: false where the program still works on what earlier polls gave. Default true. */
  handled?: boolean;
}

const NO_HEADERS: Message["headers"] = Object.freeze({});

/**
 * Reads records, from Kafka or from a local log. With a group, its members share the partitions, and reading goes on
 * behind what was committed. `V` and `K` are what the deserializers give.
 */
export class ConsumerClient<V = unknown, K = string | Uint8Array | null> implements AsyncDisposable {
  readonly #settings: ConsumerSettings;
  readonly #readKey: Deserializer;
  readonly #readValue: Deserializer;
  readonly #metrics: ClientMetrics | undefined;
  readonly #log: Logger;
  readonly #handedOut = new HandedOut();
  /** Being opened; kept when it failed, until a caller was told. */
  #opening: Promise<Reader> | undefined;
  #reader: Reader | undefined;
  /** Shows the group's lag. */
  #followed: Disposable | undefined;
  #polling = false;
  /** What a commit failed with beside the program; told once. */
  #failure: unknown;
  /** Why nothing is read any more. */
  #broken: unknown;
  #autoCommit: Promise<void> | undefined;
  #nextAutoCommit: number;
  #closing: Promise<void> | undefined;

  /**
   * Connects nothing yet.
   * @throws {ClientConfigError} the configuration can't be used.
   */
  constructor(options: ConsumerClientOptions<V, K>) {
    const settings = this.#settings = consumerSettings(options.config, kafkaEnvironment());
    this.#readKey = options.keyDeserializer ?? deserializeKey;
    this.#readValue = options.valueDeserializer ?? deserializeValue;
    this.#metrics = options.metrics;
    this.#log = options.log ?? createLogger({ level: "warn", fields: { component: settings.clientId } });
    this.#nextAutoCommit = performance.now() + settings.extra.autoCommitIntervalMs;
    if (options.consumer !== undefined) {
      this.#reader = {
        subscription: options.consumer,
        isRetryable: () => false,
        close: () => Promise.resolve(),
      };
    }
  }

  /** Its consumer group; `null`: none, so nothing can be committed. */
  get groupId(): string | null {
    return this.#settings.groupId;
  }

  /**
   * Joins the group now; resolves when it is known where reading starts: with "latest", everything published from then
   * on is read. `poll` does it by itself.
   * @throws what the bus says: an unknown topic, no broker, wrong credentials.
   */
  async open(): Promise<void> {
    await this.#open(Infinity, undefined);
  }

  /**
   * Records that came, in order by partition, at most `maxRecords`; none where none came within `timeoutMs`. Resolves as
   * soon as there are some. One call at a time.
   * @throws {DeserializeError} a deserializer threw at the first record there is. It is met again by the next poll, until
   * `seek` passes it; what came before it was given, and nothing is lost.
   * @throws {ClientClosedError} the client is closed.
   * @throws what the bus says. Outages are waited out and give no records.
   */
  async poll(options: PollOptions = {}): Promise<Message<V, K>[]> {
    const { timeoutMs = this.#settings.pollTimeoutMs, maxRecords = this.#settings.maxPollRecords } = options;
    const { signal, handled = true } = options;
    if (this.#closing !== undefined) throw new ClientClosedError("Cannot poll: the consumer is closed");
    if (this.#polling) throw new TypeError("Cannot poll: a poll is under way; await it first");
    this.#polling = true;
    try {
      if (handled) this.#handled();
      this.#throwFailure();
      const until = performance.now() + timeoutMs;
      const reader = this.#reader ?? await this.#open(timeoutMs, signal);
      if (reader === undefined) return [];
      if (this.#broken !== undefined) throw this.#broken;
      const messages = await this.#collect(reader, { until, maxRecords, signal });
      if (this.#broken !== undefined) throw this.#broken;
      return messages;
    } finally {
      this.#polling = false;
    }
  }

  /**
   * Commits what polls have given, or behind `positions`: the last record handled of each partition.
   * @throws {TypeError} the consumer has no group.
   * @throws {FencedError} a partition is another member's now, which reads again what was not committed.
   * @throws what the bus says; what is not committed may be committed by the next call.
   */
  async commit(positions?: readonly Position[]): Promise<void> {
    if (this.groupId === null) {
      throw new TypeError("Cannot commit: this consumer has no group; set groupId");
    }
    if (this.#closing !== undefined) throw new ClientClosedError("Cannot commit: the consumer is closed");
    await this.#commit(positions ?? this.#handedOut.uncommitted("given"));
  }

  /**
   * The next record of the partition is the one at `offset`. What was given of it is not committed any more.
   * @throws {TypeError} nothing is read yet.
   * @throws {RangeError} the partition is not read here, or the offset is none.
   */
  seek(position: Position): void {
    if (this.#reader === undefined) {
      throw new TypeError("Cannot seek: nothing is read yet; call open() first");
    }
    this.#reader.subscription.seek(position);
    this.#handedOut.forget(position);
  }

  /**
   * Leaves the group and lets go of the bus. With `enableAutoCommit` it commits what earlier polls gave; what the last
   * one gave comes again, unless `commit` was called. Safe twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #open(timeoutMs: number, signal: AbortSignal | undefined): Promise<Reader | undefined> {
    if (this.#reader !== undefined) return this.#reader;
    if (this.#closing !== undefined) throw new ClientClosedError("Cannot read: the consumer is closed");
    const opening = this.#opening ??= this.#newReader();
    // Who polls again is told then.
    opening.catch(() => undefined);
    try {
      return await within(
        abortable(opening, signal),
        timeoutMs,
        () => new ClientTimeoutError("not open yet"),
      );
    } catch (error) {
      if (error instanceof ClientTimeoutError || signal?.aborted) return undefined;
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }

  async #newReader(): Promise<Reader> {
    const reader = await openReader(this.#settings, {
      log: this.#log,
      onRevoked: (partitions) => this.#revoked(partitions),
      onFailure: (error) => this.#broken = error,
    });
    if (this.#closing !== undefined) {
      await reader.close();
      throw new ClientClosedError("Cannot read: the consumer was closed while it was opened");
    }
    this.#reader = reader;
    const { groupId: group, topics } = this.#settings;
    if (group !== null && reader.groups !== undefined) {
      this.#followed = this.#metrics?.follow({ groups: reader.groups, group, topics, log: this.#log });
    }
    return reader;
  }

  async #collect(
    { subscription }: Reader,
    { until, maxRecords, signal }: { until: number; maxRecords: number; signal?: AbortSignal },
  ): Promise<Message<V, K>[]> {
    const messages: Message<V, K>[] = [];
    let bytes = this.#settings.extra.fetchMaxBytes;
    while (messages.length < maxRecords && bytes > 0) {
      // What came is given; the next poll says that it is closed.
      if (messages.length > 0 && this.#closing !== undefined) break;
      const batch = await subscription.receive({
        max: maxRecords - messages.length,
        maxBytes: bytes,
        waitMs: messages.length > 0 ? 0 : Math.max(0, until - performance.now()),
        signal,
      });
      if (batch === null) break;
      const before = messages.length;
      const failed = this.#read(batch, messages);
      if (messages.length > before) this.#gave(batch, messages.length - before);
      if (failed !== undefined) {
        const { topic, partition, offset } = failed.record;
        subscription.seek({ topic, partition, offset });
        if (messages.length === 0) throw failed;
        break;
      }
      for (const { value } of batch.records) bytes -= value?.length ?? 0;
    }
    return messages;
  }

  /** Appends what the deserializers make of a batch; the error of the record they failed at, if one. */
  #read(batch: RecordBatch, messages: Message<V, K>[]): DeserializeError | undefined {
    const { topic, partition } = batch;
    for (const record of batch.records) {
      let part: "key" | "value" = "key";
      try {
        const key = this.#readKey(record.key) as K;
        part = "value";
        const value = this.#readValue(record.value) as V;
        messages.push({
          topic,
          partition,
          offset: record.offset,
          timestampMs: record.timestamp,
          key,
          value,
          headers: record.headers.length === 0 ? NO_HEADERS : headersOf(record.headers),
        });
      } catch (cause) {
        return new DeserializeError(part, record, cause);
      }
    }
  }

  #gave({ topic, records }: RecordBatch, count: number): void {
    this.#metrics?.given(topic, count === records.length ? records : records.slice(0, count));
    const last: BusRecord | undefined = records[count - 1];
    if (last !== undefined) this.#handedOut.give(last);
  }

  async #commit(positions: readonly Position[]): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined || positions.length === 0) return;
    const errors: unknown[] = [];
    await Promise.all(positions.map(async (through) => {
      try {
        await reader.subscription.commit({ through });
        this.#handedOut.committed(through);
      } catch (error) {
        if (error instanceof FencedError) this.#handedOut.forget(through);
        errors.push(error);
      }
    }));
    if (errors.length > 0) throw errors.find((error) => !(error instanceof FencedError)) ?? errors[0];
  }

  /** A program that polls again has handled what it was given. */
  #handled(): void {
    if (!this.#settings.enableAutoCommit) return;
    this.#handedOut.handled();
    if (this.#autoCommit !== undefined || performance.now() < this.#nextAutoCommit) return;
    const positions = this.#handedOut.uncommitted("handled");
    if (positions.length === 0) return;
    this.#nextAutoCommit = performance.now() + this.#settings.extra.autoCommitIntervalMs;
    this.#autoCommit = this.#commitBehind(positions).finally(() => this.#autoCommit = undefined);
  }

  /** Commits beside the program; what fails for good is told by the next poll. */
  async #commitBehind(positions: readonly Position[]): Promise<void> {
    try {
      await this.#commit(positions);
    } catch (error) {
      // The partition's new member reads it again.
      if (error instanceof FencedError) return;
      if (!this.#reader?.isRetryable(error)) this.#failure = error;
      else this.#log.warn("Committing failed; it is tried again", { group: this.groupId, error });
    }
  }

  async #revoked(partitions: readonly { topic: string; partition: number }[]): Promise<void> {
    if (!this.#settings.enableAutoCommit) return;
    const positions = this.#handedOut.uncommitted("handled").filter((each) =>
      partitions.some(({ topic, partition }) => topic === each.topic && partition === each.partition)
    );
    await this.#commitBehind(positions);
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  async #close(): Promise<void> {
    try {
      await this.#autoCommit;
      if (this.#settings.enableAutoCommit && this.groupId !== null) {
        await this.#commit(this.#handedOut.uncommitted("handled")).catch((error) => {
          if (!(error instanceof FencedError)) throw error;
        });
      }
      this.#throwFailure();
    } finally {
      this.#followed?.[Symbol.dispose]();
      // One that is still being opened closes itself.
      await this.#reader?.close();
    }
  }
}

function headersOf(headers: readonly Header[]): Message["headers"] {
  return Object.fromEntries(headers);
}
