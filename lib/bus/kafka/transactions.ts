import { Buffer } from "node:buffer";
import type { Message, Producer } from "@platformatic/kafka";
import type { OutgoingRecord } from "../contract.ts";
import { endClient, type KafkaClients } from "./clients.ts";
import { KafkaError, kafkaError } from "./error.ts";
import type { BytesConsumer } from "./fetcher.ts";
import type { BatchLimits } from "./lane.ts";
import type { ListedOffset } from "./offsets.ts";
import { batchedBytes, type KafkaMessage, Partitioner, toMessage } from "./records.ts";

type TransactionalProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** Milliseconds a transaction may take; longer ones are ended by the cluster. */
const TRANSACTION_MS = 30_000;
/** The previous transaction's end is asked about so often; the default of 1 s makes one transaction a second. */
const RETRY_MS = 10;
const RETRIES = 500;

/** Stores outputs and a group's offset in one transaction of Kafka's. */
export class KafkaTransactions {
  readonly #clients: KafkaClients;
  readonly #consumer: BytesConsumer;
  readonly #limits: BatchLimits;
  readonly #partitioner = new Partitioner();
  /** New for each subscription: the group's own generation fences a predecessor, and ids cannot be taken up again. */
  readonly #id: string;
  #producer: Promise<TransactionalProducer> | undefined;

  /** Connects nothing yet. */
  constructor(clients: KafkaClients, consumer: BytesConsumer, limits: BatchLimits) {
    this.#clients = clients;
    this.#consumer = consumer;
    this.#limits = limits;
    this.#id = `capstan-${consumer.groupId}-${crypto.randomUUID()}`;
  }

  /**
   * All or nothing; `next` is where the group goes on. After a failure the next call starts with a new producer.
   * @throws {KafkaError} nothing was stored, unless the answer to the very end was lost.
   */
  async commit(outputs: readonly OutgoingRecord[], next: ListedOffset, now: number): Promise<void> {
    const batches = await this.#batches(outputs, now);
    this.#producer ??= this.#make();
    const producer = await this.#producer;
    const transaction = await this.#begin(producer);
    try {
      for (const messages of batches) await transaction.send({ messages, idempotent: true, acks: -1 });
      await transaction.addConsumer(this.#consumer);
      await transaction.addOffset(lastHandled(next, this.#consumer));
      await transaction.commit();
    } catch (cause) {
      await transaction.abort().catch(() => undefined);
      await this.close();
      throw this.#error(cause);
    }
  }

  /** Ends the producer; a transaction under way is aborted by the cluster. */
  async close(): Promise<void> {
    const current = this.#producer;
    this.#producer = undefined;
    const producer = await current?.catch(() => undefined);
    if (producer !== undefined) await endClient(producer, producer.close());
  }

  async #begin(producer: TransactionalProducer) {
    try {
      return await producer.beginTransaction({});
    } catch (cause) {
      await this.close();
      throw this.#error(cause);
    }
  }

  async #make(): Promise<TransactionalProducer> {
    const { library, connection } = await this.#clients.open();
    return new library.Producer<Buffer, Buffer, Buffer, Buffer>({
      ...connection,
      // Its check of each message refuses tombstones.
      strict: false,
      idempotent: true,
      transactionalId: this.#id,
      // Without these a used id is refused as fenced.
      producerId: -1n,
      producerEpoch: -1,
      timeout: TRANSACTION_MS,
      retries: RETRIES,
      retryDelay: RETRY_MS,
    });
  }

  /** A producer that was fenced is replaced, and nobody else has the group's partition for it. */
  #error(cause: unknown): KafkaError {
    const error = kafkaError(`store outputs and offset of group "${this.#consumer.groupId}"`, cause);
    const replaced = error.failure === "fenced" && error.message.includes("PRODUCER");
    return replaced ? new KafkaError("other", error.message, true, { cause }) : error;
  }

  /** One send makes one batch per partition, never split: as many sends as the fullest partition asks for. */
  async #batches(outputs: readonly OutgoingRecord[], now: number): Promise<KafkaMessage[][]> {
    const topics = [...new Set(outputs.map(({ topic }) => topic))];
    if (topics.length === 0) return [];
    const metadata = await this.#clients.metadata(`send to topics ${topics.join(", ")}`, topics);
    const rounds: KafkaMessage[][] = [];
    const filled = new Map<string, { round: number; records: number; bytes: number }>();
    for (const output of outputs) {
      const partition = this.#partitioner.choose(
        output,
        metadata.topics.get(output.topic)?.partitionsCount ?? 0,
      );
      const name = `${output.topic}:${partition}`;
      const size = batchedBytes(output);
      let place = filled.get(name) ?? { round: 0, records: 0, bytes: 0 };
      if (
        place.records > 0 &&
        (place.records + 1 > this.#limits.records || place.bytes + size > this.#limits.bytes)
      ) {
        place = { round: place.round + 1, records: 0, bytes: 0 };
      }
      filled.set(name, { round: place.round, records: place.records + 1, bytes: place.bytes + size });
      (rounds[place.round] ??= []).push(toMessage(output, partition, now));
    }
    return rounds;
  }
}

const NOTHING = Buffer.alloc(0);

/** `addOffset` wants the last record handled, and reads no more of it than its place and its reader. */
function lastHandled({ topic, partition, offset }: ListedOffset, consumer: BytesConsumer): Message {
  const { groupId, generationId, memberId, coordinatorId } = consumer;
  return {
    topic,
    partition,
    // The library adds one.
    offset: BigInt(offset) - 1n,
    metadata: { consumer: { groupId, generationId, memberId, coordinatorId } },
    key: NOTHING,
    value: NOTHING,
    headers: new Map(),
    headerEntries: [],
    timestamp: 0n,
    leaderEpoch: -1,
    commit: () => undefined,
    toJSON: () => ({
      key: NOTHING,
      value: NOTHING,
      headers: [],
      topic,
      partition,
      timestamp: "0",
      offset: "0",
      leaderEpoch: -1,
      metadata: {},
    }),
  };
}
