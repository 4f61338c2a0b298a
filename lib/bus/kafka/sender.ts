import { ByteBudget } from "./budget.ts";
import { closedError, type KafkaClients } from "./clients.ts";
import { KafkaError, kafkaError } from "./error.ts";
import { type BatchLimits, KafkaLane } from "./lane.ts";
import { PartitionChunk } from "./partition_chunk.ts";
import { PartitionCounts } from "./partition_counts.ts";
import { KafkaProducer, type ProduceSettings } from "./producer.ts";
import { batchedBytes, Partitioner, toMessage } from "./records.ts";
import { SendError } from "../send_error.ts";
import type { OutgoingRecord, Position } from "../contract.ts";

/** How records are sent. */
export interface SenderOptions extends ProduceSettings {
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

/** One idempotent producer with batching, bounded memory and a deadline. */
export class KafkaSender {
  readonly #clients: KafkaClients;
  readonly #options: SenderOptions;
  readonly #producer: KafkaProducer;
  readonly #budget: ByteBudget;
  readonly #partitioner = new Partitioner();
  readonly #lanes = new Map<string, KafkaLane>();
  readonly #partitions: PartitionCounts;
  /** Sends are admitted in the order of their calls, so that none overtakes another on a partition. */
  #admission: Promise<unknown> = Promise.resolve();
  /** Of the sends under way; a set, for `AbortSignal.any` costs more than the rest of a small send. */
  readonly #deadlines = new Set<Deadline>();
  #closed = false;

  /** Connects nothing yet. */
  constructor(clients: KafkaClients, options: SenderOptions) {
    this.#clients = clients;
    this.#options = options;
    this.#budget = new ByteBudget(options.maxPendingBytes);
    this.#partitions = new PartitionCounts(clients);
    this.#producer = new KafkaProducer(clients, {
      acks: options.acks,
      compression: options.compression,
      retries: options.retries,
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
    using deadline = new Deadline(this.#options.deadlineMs, signal);
    if (this.#closed) deadline.abort(closedError());
    this.#deadlines.add(deadline);
    try {
      return await this.#sendWithin(records, deadline.signal);
    } finally {
      this.#deadlines.delete(deadline);
    }
  }

  /** Ends the producer; what is under way rejects. Safe twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const deadline of this.#deadlines) deadline.abort(closedError());
    await this.#producer.close();
  }

  async #sendWithin(records: readonly OutgoingRecord[], signal: AbortSignal): Promise<Position[]> {
    const admitted = this.#admission.then(() => this.#admit(records, signal));
    this.#admission = admitted.catch(() => undefined);
    const { chunks, bytes } = await admitted;
    try {
      return await this.#deliver(records, chunks, signal);
    } finally {
      this.#budget.give(bytes);
    }
  }

  async #admit(records: readonly OutgoingRecord[], signal: AbortSignal) {
    // Asked before sending: an idempotent send to an unknown topic, or with a wrong password, never settles.
    await this.#partitions.learnFor(records, this.#options.now(), signal);
    const chunks = this.#chunks(records);
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.bytes;
    await this.#budget.take(bytes, signal);
    return { chunks, bytes };
  }

  #chunks(records: readonly OutgoingRecord[]): PartitionChunk[] {
    const chunks: PartitionChunk[] = [];
    const byTopic = new Map<string, (PartitionChunk | undefined)[]>();
    const now = BigInt(Math.trunc(this.#options.now()));
    this.#partitioner.turn();
    let topic: string | undefined;
    let count = 0;
    let ofTopic: (PartitionChunk | undefined)[] = [];
    for (let index = 0; index < records.length; index++) {
      const record = records[index];
      if (record === undefined) continue;
      if (record.topic !== topic) {
        topic = record.topic;
        count = this.#partitions.of(topic);
        ofTopic = byTopic.get(topic) ?? [];
        byTopic.set(topic, ofTopic);
      }
      const bytes = batchedBytes(record);
      const partition = this.#partitioner.choose(record, count, bytes);
      let chunk = ofTopic[partition];
      if (chunk === undefined) {
        chunk = ofTopic[partition] = new PartitionChunk(topic, partition);
        chunks.push(chunk);
      }
      chunk.add(index, toMessage(record, partition, now), bytes);
    }
    return chunks;
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
    const errors: KafkaError[] = [];
    for (const chunk of chunks) {
      const error = await chunk.outcome;
      if (error !== undefined) errors.push(error);
    }
    signal.removeEventListener("abort", aborted);

    const positions = new Array<Position | undefined>(records.length);
    for (const chunk of chunks) chunk.place(positions);
    const [first] = errors;
    if (first === undefined && everyPlace(positions)) return positions;
    if (first === undefined) {
      throw new Error("Cannot tell where Kafka stored every record: its answers leave some out");
    }
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

function everyPlace(positions: readonly (Position | undefined)[]): positions is Position[] {
  return !positions.includes(undefined);
}

/** Aborts when its caller's signal does, when the time is over, or when it is told to. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #caller: AbortSignal | undefined;
  readonly #onCaller = () => this.abort(this.#caller?.reason);

  constructor(ms: number, caller: AbortSignal | undefined) {
    this.#caller = caller;
    if (caller?.aborted) this.#onCaller();
    else caller?.addEventListener("abort", this.#onCaller, { once: true });
    if (!Number.isFinite(ms)) return;
    this.#timer = setTimeout(() => {
      const state = `Cannot send to Kafka: not acknowledged within ${ms / 1_000} s`;
      this.abort(new KafkaError("unreachable", state, true));
    }, ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener("abort", this.#onCaller);
  }
}
