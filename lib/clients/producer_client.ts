import type { BusDriver, Header, OutgoingRecord, Position } from "../bus/contract.ts";
import { batchedBytes } from "../bus/kafka/records.ts";
import { createLogger } from "../telemetry/create_logger.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { ClientMetrics } from "./client_metrics.ts";
import { ClientClosedError } from "./closed_error.ts";
import { Deadlines } from "./deadlines.ts";
import { kafkaEnvironment } from "./environment.ts";
import { Linger } from "./linger.ts";
import { type ClientBus, openClientBus } from "./open_client_bus.ts";
import { type PendingOwner, PendingRecord } from "./pending_record.ts";
import type { ProduceResult } from "./produce_result.ts";
import { type KafkaProducerConfig, type ProducerSettings, producerSettings } from "./producer_config.ts";
import { PublishFailures } from "./publish_failures.ts";
import type { PublishHeaders } from "./publish_request.ts";
import { serialize, type Serializer } from "./serialize.ts";
import { ClientTimeoutError } from "./timeout_error.ts";
import { within } from "./within.ts";

/** What a `ProducerClient` is made of. */
export interface ProducerClientOptions {
  /** Where to and how. What it leaves out comes from `KAFKA_…` variables, then from the defaults. */
  config?: KafkaProducerConfig;
  /** Sends in place of a bus of the client's own; `close` leaves it open. For tests, and to share one. */
  producer?: Pick<BusDriver, "send">;
  /** Bytes of a key. Default: bytes as they are, text as UTF-8, else JSON. */
  keySerializer?: Serializer;
  /** Bytes of a value. Default: bytes as they are, text as UTF-8, else JSON; `null` is a tombstone. */
  valueSerializer?: Serializer;
  /** Counts what is stored, and how long that takes. Default: nothing is counted. */
  metrics?: ClientMetrics;
  /** Takes what no caller is told. Default: warnings to standard error. */
  log?: Logger;
}

/** How one record is published. */
export interface PublishOptions {
  /** By the key's serializer; equal keys go to one partition, the one Java's producer would choose. */
  key?: unknown;
  /** By name, texts as UTF-8; or in order, where names repeat. */
  headers?: PublishHeaders | readonly Header[] | null;
  /** Partition, from 0. Without one the key chooses, or without a key a turn of the wheel. */
  partition?: number | null;
  /** Milliseconds since 1970, UTC. Default: now. */
  timestampMs?: number | null;
  /**
   * True (default): resolves with the place of the stored record. False: resolves with `null` when the record is in
   * the buffer; that it was stored is told by `flush` and `close`.
   */
  wait?: boolean;
  /** Seconds until the call rejects, whatever the cluster does. Default 10. */
  timeoutS?: number;
}

const encoder = new TextEncoder();
/** Different reasons of failed records that are kept for `flush`. */
const MAX_REASONS = 10;

/**
 * Publishes records, to Kafka or to a local log. Single calls are gathered into batches. `Topics` gives names and
 * values of topics a type: `new ProducerClient<{ "agent.events": AgentEvent }>()`.
 */
export class ProducerClient<Topics extends object = Record<string, unknown>> implements AsyncDisposable {
  readonly #settings: ProducerSettings;
  readonly #injected: Pick<BusDriver, "send"> | undefined;
  readonly #keySerializer: Serializer;
  readonly #valueSerializer: Serializer;
  readonly #metrics: ClientMetrics | undefined;
  readonly #log: Logger;
  readonly #linger: Linger;
  readonly #deadlines = new Deadlines<PendingRecord>((pending) => this.#late(pending));
  readonly #owner: PendingOwner;
  #bus: Promise<ClientBus> | undefined;
  #failed = 0;
  #reasons: unknown[] = [];
  #closing: Promise<void> | undefined;

  /**
   * Connects nothing yet.
   * @throws {ClientConfigError} the configuration can't be used.
   */
  constructor(options: ProducerClientOptions = {}) {
    const settings = this.#settings = producerSettings(options.config ?? {}, kafkaEnvironment());
    this.#injected = options.producer;
    this.#keySerializer = options.keySerializer ?? serialize;
    this.#valueSerializer = options.valueSerializer ?? serialize;
    this.#metrics = options.metrics;
    this.#log = options.log ?? createLogger({ level: "warn", fields: { component: settings.clientId } });
    this.#owner = {
      settled: (pending) => {
        if (pending.deadline !== undefined) this.#deadlines.remove(pending, pending.deadline);
      },
      failedUnawaited: (error) => this.#note(error),
    };
    this.#linger = new Linger({
      send: (topic, records) => this.#send(topic, records),
      lingerMs: settings.lingerMs,
      batchBytes: settings.extra.batchSize,
      batchRecords: settings.extra.batchRecords,
      bufferBytes: settings.extra.bufferMemory,
    });
  }

  /**
   * Publishes one record. Records of one partition keep the order of the calls. Await it, with `wait: false` too: that
   * is how a program that is faster than the cluster is slowed down.
   * @throws {TypeError} the record can't be published as it is: no JSON form, too large, no such partition.
   * @throws {ClientTimeoutError} `timeoutS` are over; the error says whether the record may still be stored.
   * @throws {BufferFullError} too much waits already; the record was not taken.
   * @throws {ClientClosedError} the client is closed.
   * @throws what the bus says; the record may not be stored.
   */
  publish<T extends keyof Topics & string>(
    topic: T,
    value: Topics[T],
    options: PublishOptions = {},
  ): Promise<ProduceResult | null> {
    return new Promise((resolve, reject) => {
      if (this.#closing !== undefined) throw this.#closedError(topic);
      const record = this.#record(topic, value, options);
      const bytes = this.#bytesOf(record);
      const { wait = true, timeoutS = 10 } = options;
      if (!(timeoutS >= 0)) throw new TypeError(`Cannot publish to "${topic}": timeoutS must be 0 or more`);
      const pending = new PendingRecord(this.#owner, { record, bytes, wait, resolve, reject });
      this.#linger.add(pending);
      if (!pending.settled && timeoutS !== Infinity) {
        pending.deadline = this.#deadlines.add(pending, timeoutS * 1_000);
      }
    });
  }

  /** The same as `publish`, for a value that is plain data. */
  publishJson<T extends keyof Topics & string>(
    topic: T,
    payload: Topics[T],
    options: PublishOptions = {},
  ): Promise<ProduceResult | null> {
    return this.publish(topic, payload, options);
  }

  /**
   * Sends what waits; resolves when everything published before is settled.
   * @throws {PublishFailures} records published with `wait: false` were not stored; it says how many. Each is told once.
   * @throws {ClientTimeoutError} `timeoutS` are over; what is under way goes on.
   */
  async flush(options: { timeoutS?: number } = {}): Promise<void> {
    const { timeoutS = Infinity } = options;
    await within(this.#linger.flush(), timeoutS * 1_000, () => {
      const records = this.#linger.records;
      return new ClientTimeoutError(
        `Cannot flush within ${timeoutS} s: ${records} records are not acknowledged; they go on being sent`,
      );
    });
    this.#tellFailures();
  }

  /**
   * Flushes, then lets go of the bus. What is not acknowledged within `timeoutS` (default 5) is given up. Safe twice.
   * @throws {PublishFailures} records published with `wait: false` were not stored; it says how many.
   * @throws {ClientTimeoutError} the time is over; it says how many records may not be stored.
   */
  close(options: { timeoutS?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutS ?? 5);
    return this.#closing;
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(timeoutS: number): Promise<void> {
    const until = performance.now() + timeoutS * 1_000;
    let late: ClientTimeoutError | undefined;
    const givenUp = () => {
      const records = this.#linger.records;
      return new ClientTimeoutError(
        `Cannot close the producer within ${timeoutS} s: ${records} records are not acknowledged and were given up`,
      );
    };
    try {
      await within(this.#linger.flush(), timeoutS * 1_000, givenUp);
    } catch (error) {
      if (!(error instanceof ClientTimeoutError)) throw error;
      late = error;
      this.#linger.abandon(
        new ClientClosedError(
          "Cannot tell whether the record is stored: the producer was closed before an answer",
          {
            cause: error,
          },
        ),
      );
    }
    const ended = this.#bus?.then((bus) => bus.close());
    if (ended !== undefined) {
      try {
        const left = until - performance.now();
        await within(ended, left, () => late ?? new ClientTimeoutError("the bus takes its time"));
      } catch (error) {
        // Everything is settled: that its connections end a little later need not concern the program.
        if (!(error instanceof ClientTimeoutError)) throw error;
        ended.catch(() => undefined);
      }
    }
    if (late === undefined) return this.#tellFailures();
    const failures = this.#takeFailures();
    throw failures === undefined ? late : new ClientTimeoutError(late.message, { cause: failures });
  }

  #record(topic: string, value: unknown, options: PublishOptions): OutgoingRecord & { timestamp: number } {
    const { key, headers, partition, timestampMs } = options;
    const record: OutgoingRecord & { timestamp: number } = {
      topic,
      value: this.#valueSerializer(value),
      timestamp: timestampMs ?? Date.now(),
    };
    if (key !== undefined && key !== null) record.key = this.#keySerializer(key);
    if (headers !== undefined && headers !== null) record.headers = headersOf(headers);
    if (partition !== undefined && partition !== null) {
      if (!Number.isSafeInteger(partition) || partition < 0) {
        throw new TypeError(`Cannot publish to "${topic}": ${partition} is no partition; give 0 or more`);
      }
      record.partition = partition;
    }
    return record;
  }

  #bytesOf(record: OutgoingRecord): number {
    const bytes = batchedBytes(record);
    const { maxRequestSize } = this.#settings.extra;
    if (bytes <= maxRequestSize) return bytes;
    throw new TypeError(
      `Cannot publish to "${record.topic}": the record has ${bytes} bytes, more than the ${maxRequestSize} allowed; make it ` +
        "smaller, or raise extra.maxRequestSize and the topic's max.message.bytes",
    );
  }

  async #send(topic: string, records: readonly OutgoingRecord[]): Promise<readonly Position[]> {
    if (this.#injected !== undefined) return await this.#counted(this.#injected, records);
    this.#bus ??= this.#open();
    const bus = await this.#bus;
    await bus.ready(topic);
    return await this.#counted(bus.driver, records);
  }

  #counted(driver: Pick<BusDriver, "send">, records: readonly OutgoingRecord[]): Promise<Position[]> {
    return this.#metrics === undefined ? driver.send(records) : this.#metrics.counted(driver)(records);
  }

  async #open(): Promise<ClientBus> {
    const { acks, compressionType, retries, requestTimeoutMs, extra } = this.#settings;
    try {
      return await openClientBus(this.#settings, {
        kafka: {
          log: this.#log,
          acks,
          compression: compressionType,
          retries: retries ?? undefined,
          sendDeadlineMs: requestTimeoutMs,
          maxBatchBytes: extra.batchSize,
          maxBatchRecords: extra.batchRecords,
          // What waits is bounded here already.
          maxPendingBytes: Infinity,
        },
        local: { log: this.#log },
      });
    } catch (error) {
      // What is missing may be there the next time.
      this.#bus = undefined;
      throw error;
    }
  }

  #late(pending: PendingRecord): void {
    const { topic } = pending.record;
    const never = this.#linger.withdraw(pending);
    pending.reject(
      new ClientTimeoutError(
        never
          ? `Cannot publish to "${topic}" in time: records before it are not acknowledged; it was not sent`
          : `Cannot publish to "${topic}" in time: no acknowledgement came; it may still be stored`,
      ),
    );
  }

  #note(error: unknown): void {
    this.#failed++;
    const known = this.#reasons.some((reason) => messageOf(reason) === messageOf(error));
    if (!known && this.#reasons.length < MAX_REASONS) this.#reasons.push(error);
  }

  /** @throws {PublishFailures} there are some. */
  #tellFailures(): void {
    const failures = this.#takeFailures();
    if (failures !== undefined) throw failures;
  }

  #takeFailures(): PublishFailures | undefined {
    if (this.#failed === 0) return undefined;
    const failures = new PublishFailures(this.#failed, this.#reasons);
    this.#failed = 0;
    this.#reasons = [];
    return failures;
  }

  #closedError(topic: string): ClientClosedError {
    return new ClientClosedError(`Cannot publish to "${topic}": the producer is closed`);
  }
}

function headersOf(headers: PublishHeaders | readonly Header[]): readonly Header[] {
  if (isList(headers)) return headers;
  return Object.entries(headers).map(([name, value]): Header => [
    name,
    value === null ? new Uint8Array(0) : typeof value === "string" ? encoder.encode(value) : value,
  ]);
}

function isList(headers: PublishHeaders | readonly Header[]): headers is readonly Header[] {
  return Array.isArray(headers);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
