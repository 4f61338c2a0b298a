import type { Producer } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import { closedError, endClient, type KafkaClients } from "./clients.ts";
import { type KafkaError, kafkaError } from "./error.ts";
import { fastProducer } from "./fast_producer.ts";
import type { KafkaMessage } from "./records.ts";
import { retryDelay } from "../stream/retry.ts";

/** What a send waits for: all replicas in sync, the leader, or nothing. */
export type Acks = "all" | 0 | 1;

/** How batches are compressed. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** What a producer sends with, where it is not the default. */
export interface ProduceSettings {
  /** Default `"all"`, and then idempotent. */
  acks?: Acks;
  /** Default `"none"`. */
  compression?: Compression;
  /** How often a batch is sent again. Default: without end. */
  retries?: number;
}

/** How a producer deals with trouble. */
export interface ProducerOptions extends ProduceSettings {
  /** Told why sends hang, and `undefined` when they move again. */
  onTrouble(error: KafkaError | undefined): void;
  /** Whether trouble that will not go away by itself ends a send; a topic that was deleted always does. */
  givesUp: boolean;
}

type BytesProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

const RETRY = { baseMs: 100, maxMs: 3_000 };
/** Kafka's number for all replicas in sync. */
const ACKS_ALL = -1;
/** Milliseconds after which a send that hangs is asked about. */
const PROBE_AFTER_MS = 1_500;

/** A producer, idempotent with acks=all unless told otherwise, that is made anew after it was abandoned. */
export class KafkaProducer {
  readonly #clients: KafkaClients;
  readonly #options: ProducerOptions;
  #current: Promise<BytesProducer> | undefined;
  /** Resolve when a send has ended, either way. */
  readonly #sends = new Set<Promise<void>>();
  readonly #ending = new Set<Promise<void>>();
  #troubled = false;
  #closed = false;

  /** Connects nothing yet. */
  constructor(clients: KafkaClients, options: ProducerOptions) {
    this.#clients = clients;
    this.#options = options;
  }

  /**
   * Sends messages of one partition as one batch; gives the offset of the first, -1 with acks=0. Retries what the
   * cluster calls retriable for as long as it takes; with acks=all under the same sequence numbers: nothing is doubled
   * or reordered.
   */
  async produce(messages: KafkaMessage[]): Promise<number> {
    if (this.#closed) throw closedError();
    this.#current ??= this.#make();
    const producer = await this.#current;
    const { acks = "all", compression } = this.#options;
    const sending = producer.send({
      messages,
      idempotent: acks === "all",
      acks: acks === "all" ? ACKS_ALL : acks,
      compression,
    });
    this.#track(sending);
    using watch = this.#watch(messages[0]?.topic ?? "");
    const result = await Promise.race([sending, watch.failed]);
    if (this.#troubled) this.#trouble(undefined);
    if (acks === 0) return -1;
    const offset = result.offsets?.[0]?.offset;
    if (offset === undefined) {
      throw new Error("Cannot tell where Kafka stored the batch: its answer has no offset");
    }
    return Number(offset);
  }

  /** Cuts off what is under way; the next batch gets a new producer. */
  abandon(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    const sends = [...this.#sends];
    const ending = current.then((producer) => endClient(producer, producer.close()), () => undefined)
      .then(() => Promise.all(sends))
      .then(() => void this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  /** Ends it. Safe twice. */
  async close(): Promise<void> {
    this.#closed = true;
    this.abandon();
    await Promise.all(this.#ending);
  }

  #track(sending: Promise<unknown>): void {
    const settled = sending.then(() => undefined, () => undefined).then(() =>
      void this.#sends.delete(settled)
    );
    this.#sends.add(settled);
  }

  async #make(): Promise<BytesProducer> {
    try {
      const { library, connection } = await this.#clients.open();
      // `idempotent` here would allow one request in flight for all partitions; on each send it does not.
      const closed = () => producer.closed;
      const producer: BytesProducer = fastProducer(library, {
        ...connection,
        // Its check of each message refuses tombstones.
        strict: false,
        retries: this.#options.retries ?? Number.MAX_SAFE_INTEGER,
        // Closed, it would still wait once more before it finds that out.
        retryDelay: (_client, _operation, attempt) => closed() ? 0 : retryDelay(attempt, RETRY, Math.random),
      });
      return producer;
    } catch (cause) {
      this.#current = undefined;
      throw cause;
    }
  }

  /** While a send hangs, finds out why; it would retry a wrong password for ever without saying so. */
  #watch(topic: string): Disposable & { failed: Promise<never> } {
    const { promise: failed, reject } = Promise.withResolvers<never>();
    let timer: ReturnType<typeof setTimeout>;
    let over = false;
    let gone = 0;
    const probe = async () => {
      try {
        await this.#clients.metadata(`send to topic "${topic}"`, [topic]);
      } catch (cause) {
        const error = kafkaError(`send to topic "${topic}"`, cause);
        if (over) return;
        this.#trouble(error);
        // Of a topic that was deleted nothing is left that could be doubled; a broker that starts may say so once.
        gone = error.failure === "unknown-topic" ? gone + 1 : 0;
        if (gone >= 2 || (!error.retryable && this.#options.givesUp)) {
          this.abandon();
          reject(error);
        }
      }
      if (!over) timer = setTimeout(probe, PROBE_AFTER_MS);
    };
    timer = setTimeout(probe, PROBE_AFTER_MS);
    return {
      failed,
      [Symbol.dispose]() {
        over = true;
        clearTimeout(timer);
      },
    };
  }

  #trouble(error: KafkaError | undefined): void {
    this.#troubled = error !== undefined;
    this.#options.onTrouble(error);
  }
}
