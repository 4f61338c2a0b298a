import { abortable } from "../abortable.ts";
import { ByteBudget } from "./budget.ts";
import { closedError, type KafkaClients } from "./clients.ts";
import { KafkaError, kafkaError } from "./error.ts";
import { type BatchLimits, type Chunk, KafkaLane } from "./lane.ts";
import { KafkaProducer } from "./producer.ts";
import { batchedBytes, type KafkaMessage, Partitioner, toMessage } from "./records.ts";
import { SendError } from "../send_error.ts";
import type { OutgoingRecord, Position } from "../contract.ts";

/** How records are sent. */
export interface SenderOptions {
  /**
   * Milliseconds until a send that is not acknowledged rejects. `Infinity` waits as long as an outage lasts, which
   * alone rules out doubles after it.
   */
  deadlineMs: number;
  /** Largest batch. */
  limits: BatchLimits;
  /** Bytes sent and not acknowledged, at most; further sends wait. */
  maxPendingBytes: number;
  /** Told why sends hang, every few seconds while they do, and `undefined` when they move again. */
  onTrouble(error: KafkaError | undefined): void;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Milliseconds the number of a topic's partitions is believed. */
const PARTITIONS_FRESH_MS = 60_000;

/** One idempotent producer with batching, bounded memory and a deadline. */
export class KafkaSender {
  readonly #clients: KafkaClients;
  readonly #options: SenderOptions;
  readonly #producer: KafkaProducer;
  readonly #budget: ByteBudget;
  readonly #partitioner = new Partitioner();
  readonly #lanes = new Map<string, KafkaLane>();
  readonly #partitions = new Map<string, { count: number; at: number }>();
  /** Sends are admitted in the order of their calls, so that none overtakes another on a partition. */
  #admission: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  /** Connects nothing yet. */
  constructor(clients: KafkaClients, options: SenderOptions) {
    this.#clients = clients;
    this.#options = options;
    this.#budget = new ByteBudget(options.maxPendingBytes);
    this.#producer = new KafkaProducer(clients, {
      onTrouble: options.onTrouble,
      givesUp: Number.isFinite(options.deadlineMs),
    });
  }

  /** Bytes sent and not acknowledged. */
  get pendingBytes(): number {
    return this.#budget.taken;
  }

  /**
   * Resolves when every record is acknowledged by all replicas in sync.
   * @throws {KafkaError} nothing was sent: unknown topic, wrong credentials, no broker.
   * @throws {RangeError} a partition is out of range; nothing was sent.
   * @throws {SendError} some records may not be there; it says which are.
   */
  async send(records: readonly OutgoingRecord[], signal?: AbortSignal): Promise<Position[]> {
    if (records.length === 0) return [];
    using deadline = new Deadline(this.#options.deadlineMs, [this.#closing.signal, signal]);
    const admitted = this.#admission.then(() => this.#admit(records, deadline.signal));
    this.#admission = admitted.catch(() => undefined);
    const { chunks, bytes } = await admitted;
    try {
      return await this.#deliver(records, chunks, deadline.signal);
    } finally {
      this.#budget.give(bytes);
    }
  }

  /** Ends the producer; what is under way rejects. Safe twice. */
  async close(): Promise<void> {
    this.#closing.abort(closedError());
    await this.#producer.close();
  }

  async #admit(records: readonly OutgoingRecord[], signal: AbortSignal) {
    const topics = [...new Set(records.map((record) => record.topic))];
    await this.#learnPartitions(topics, signal);
    // The topic may have grown since we asked.
    const grown = records.filter(({ topic, partition = 0 }) => partition >= this.#count(topic));
    if (grown.length > 0) {
      for (const { topic } of grown) this.#partitions.delete(topic);
      await this.#learnPartitions(topics, signal);
    }
    const chunks = this.#chunks(records);
    let bytes = 0;
    for (const chunk of chunks) for (const size of chunk.sizes) bytes += size;
    await this.#budget.take(bytes, signal);
    return { chunks, bytes };
  }

  /** Asks for topics before sending: an idempotent send to an unknown topic, or with a wrong password, never settles. */
  async #learnPartitions(topics: readonly string[], signal: AbortSignal): Promise<void> {
    const now = this.#options.now();
    const unknown = topics.filter((topic) => {
      const known = this.#partitions.get(topic);
      return known === undefined || now - known.at > PARTITIONS_FRESH_MS;
    });
    if (unknown.length === 0) return;
    signal.throwIfAborted();
    const named = unknown.map((topic) => `"${topic}"`).join(", ");
    try {
      const asked = this.#clients.metadata(`send to topic ${named}`, unknown);
      const metadata = await abortable(asked, signal);
      for (const topic of unknown) {
        const count = metadata.topics.get(topic)?.partitionsCount ?? 0;
        if (count > 0) this.#partitions.set(topic, { count, at: now });
      }
    } catch (error) {
      // In an outage what was known is good enough: the producer itself waits for the brokers.
      const stale = unknown.every((topic) => this.#partitions.has(topic));
      if (!(stale && error instanceof KafkaError && error.failure === "unreachable")) throw error;
    }
    signal.throwIfAborted();
  }

  #count(topic: string): number {
    return this.#partitions.get(topic)?.count ?? 0;
  }

  #chunks(records: readonly OutgoingRecord[]): PartitionChunk[] {
    const chunks = new Map<string, PartitionChunk>();
    const now = this.#options.now();
    records.forEach((record, index) => {
      const partition = this.#partitioner.choose(record, this.#count(record.topic));
      const name = `${record.topic}:${partition}`;
      let chunk = chunks.get(name);
      if (chunk === undefined) chunks.set(name, chunk = new PartitionChunk(record.topic, partition));
      chunk.add(index, toMessage(record, partition, now), batchedBytes(record));
    });
    return [...chunks.values()];
  }

  async #deliver(records: readonly OutgoingRecord[], chunks: PartitionChunk[], signal: AbortSignal) {
    const aborted = () => {
      const underWay = chunks.filter((chunk) => !chunk.done && !this.#lane(chunk).withdraw(chunk));
      // A send nobody waits for would still go out later, behind newer ones: it is cut off with its producer.
      if (underWay.length > 0) this.#producer.abandon();
      for (const chunk of chunks) chunk.settled(kafkaError(`send to topic "${chunk.topic}"`, signal.reason));
    };
    signal.addEventListener("abort", aborted, { once: true });
    for (const chunk of chunks) this.#lane(chunk).push(chunk);
    const errors = (await Promise.all(chunks.map((chunk) => chunk.outcome))).filter((error) =>
      error !== undefined
    );
    signal.removeEventListener("abort", aborted);

    const positions = new Array<Position | undefined>(records.length);
    for (const chunk of chunks) chunk.place(positions);
    const [first] = errors;
    if (first === undefined) return positions.filter((position) => position !== undefined);
    if (errors.some((error) => error.failure === "unknown-topic")) this.#partitions.clear();
    throw new SendError(first.message, positions, errors);
  }

  #lane({ topic, partition }: PartitionChunk): KafkaLane {
    const name = `${topic}:${partition}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new KafkaLane(
        `topic "${topic}", partition ${partition}`,
        this.#options.limits,
        (messages) => this.#producer.produce(messages),
      );
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

/** The records of one call for one partition, and where they came to lie. */
class PartitionChunk implements Chunk {
  readonly messages: KafkaMessage[] = [];
  readonly sizes: number[] = [];
  readonly outcome: Promise<KafkaError | undefined>;
  done = false;
  readonly #indices: number[] = [];
  readonly #offsets: (number | undefined)[] = [];
  readonly #settle: (error: KafkaError | undefined) => void;

  constructor(readonly topic: string, readonly partition: number) {
    const { promise, resolve } = Promise.withResolvers<KafkaError | undefined>();
    this.outcome = promise;
    this.#settle = resolve;
  }

  add(index: number, message: KafkaMessage, bytes: number): void {
    this.#indices.push(index);
    this.messages.push(message);
    this.sizes.push(bytes);
  }

  acknowledged(from: number, count: number, offset: number): void {
    for (let i = 0; i < count; i++) this.#offsets[from + i] = offset + i;
  }

  settled(error?: KafkaError): void {
    this.done = true;
    this.#settle(error);
  }

  /** Enters the positions of what is acknowledged. */
  place(positions: (Position | undefined)[]): void {
    this.#indices.forEach((index, i) => {
      const offset = this.#offsets[i];
      if (offset !== undefined) positions[index] = { topic: this.topic, partition: this.partition, offset };
    });
  }
}

/** Aborts when one of the signals does, or when the time is over. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, others: readonly (AbortSignal | undefined)[]) {
    const controller = new AbortController();
    if (Number.isFinite(ms)) {
      const state = `Cannot send to Kafka: not acknowledged within ${ms / 1_000} s`;
      this.#timer = setTimeout(() => controller.abort(new KafkaError("unreachable", state, true)), ms);
    }
    this.signal = AbortSignal.any([controller.signal, ...others.filter((signal) => signal !== undefined)]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
