import { FencedError, type OutgoingRecord, type Position } from "../contract.ts";
import type { KafkaClients } from "./clients.ts";
import { KafkaError, kafkaError } from "./error.ts";
import type { BytesConsumer } from "./fetcher.ts";
import type { BatchLimits } from "./lane.ts";
import type { Generation } from "./member.ts";
import { committedOffsets, type ListedOffset } from "./offsets.ts";
import { PartitionCounts } from "./partition_counts.ts";
import { batchedBytes, type KafkaMessage, Partitioner, toMessage } from "./records.ts";
import { type BytesTransaction, lastHandled, TransactionalProducer } from "./transactional_producer.ts";

/** What one partition wants to store at once or not at all. */
export interface Share {
  /** Records to send. */
  outputs: readonly OutgoingRecord[];
  /** The last record handled. */
  through: Position;
  /** Where the group goes on in this partition: behind it, and maybe behind control records. */
  next: ListedOffset;
  /** Whether the partition is still this member's, without a break. */
  holds(): boolean;
}

/** What transactions work with. */
export interface TransactionsOptions {
  /** Clients all share. */
  clients: KafkaClients;
  /** The member's client. */
  consumer: BytesConsumer;
  /** As whom the member commits. */
  generation(): Generation | undefined;
  /** Largest batch. */
  limits: BatchLimits;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Milliseconds a transaction under way gets to end when its reader is closed. */
const LAST_MS = 3_000;

interface Waiting extends Share {
  resolve(): void;
  reject(error: unknown): void;
}

/** The cluster did not answer whether it has committed. */
class UncertainError extends Error {}

/**
 * Stores outputs and a group's offsets in transactions of Kafka's, one at a time. What partitions ask for while one is
 * under way goes together in the next.
 */
export class KafkaTransactions {
  readonly #options: TransactionsOptions;
  readonly #partitioner = new Partitioner();
  readonly #partitions: PartitionCounts;
  readonly #producer: TransactionalProducer;
  readonly #closing = new AbortController();
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  /** The last records, by partition, of which it is not known whether their transaction was committed. */
  readonly #uncertain = new Map<string, number>();

  /** Connects nothing yet. */
  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#partitions = new PartitionCounts(options.clients);
    // New for each subscription: the group's own generation fences a predecessor, and agents need no names.
    const id = `capstan-${options.consumer.groupId}-${crypto.randomUUID()}`;
    this.#producer = new TransactionalProducer(options.clients, id);
  }

  /**
   * All of the share or nothing, together with what others ask for at the time. After a failure the next call starts
   * with a new producer. Where the answer to the very end was lost, the same share given again is found to be stored.
   * @throws {FencedError} the partition is another member's; nothing was stored.
   * @throws {KafkaError} nothing was stored, or it is not known yet.
   */
  commit(share: Share): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...share, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /**
   * Ends the producer; what waits rejects. A transaction under way is ended first, where the cluster answers: one that
   * is left open keeps all readers of its topics waiting until the cluster gives it up.
   */
  async close(): Promise<void> {
    this.#closing.abort(new KafkaError("closed", "Cannot commit: the reader was closed", true));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, LAST_MS));
    await Promise.race([this.#running, late]);
    clearTimeout(timer);
    await this.#producer.close();
    await this.#running;
    await this.#producer.close();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      // What other partitions finish in this turn of the event loop goes along.
      await new Promise((resolve) => setImmediate(resolve));
      const shares = this.#queue;
      this.#queue = [];
      const refused = await this.#together(shares);
      // What a topic refuses may be one partition's: the others' must not fail for it.
      for (const share of refused) await this.#together([share]);
    }
    this.#running = undefined;
  }

  /** Settles shares by one transaction; returns those that must be tried one by one. */
  async #together(all: readonly Waiting[]): Promise<readonly Waiting[]> {
    const shares = all.filter((share) => {
      if (share.holds()) return true;
      share.reject(this.#lost(share));
      return false;
    });
    try {
      this.#closing.signal.throwIfAborted();
      await this.#transact(shares);
    } catch (cause) {
      const error = this.#error(cause);
      if (shares.length > 1 && !error.retryable && !this.#closing.signal.aborted) return shares;
      for (const share of shares) share.reject(error);
    }
    return [];
  }

  async #transact(all: readonly Waiting[]): Promise<void> {
    if (all.length === 0) return;
    const generation = this.#options.generation();
    if (generation === undefined) throw new KafkaError("other", "Cannot commit: no group was joined", true);
    const batches = await this.#batches(all.flatMap(({ outputs }) => outputs));
    const transaction = await this.#begin();
    let sharing = all;
    try {
      if (this.#uncertain.size > 0) {
        // A producer of the same id has begun, so the last transaction is decided now.
        sharing = await this.#undecided(all);
        if (sharing.length === 0) return await this.#abort(transaction);
      }
      const sending = sharing.length === all.length
        ? batches
        : await this.#batches(sharing.flatMap(({ outputs }) => outputs));
      for (const messages of sending) await transaction.send({ messages, idempotent: true, acks: -1 });
      await this.#addOffsets(transaction, sharing, generation);
    } catch (cause) {
      await this.#abort(transaction);
      throw cause;
    }
    try {
      await transaction.commit();
    } catch (cause) {
      for (const { through } of sharing) this.#uncertain.set(nameOf(through), through.offset);
      await this.#producer.close();
      throw new UncertainError("the end of a transaction was not answered", { cause });
    }
    for (const share of sharing) share.resolve();
  }

  /** Resolves those whose transaction turns out to have been committed; returns the others. */
  async #undecided(shares: readonly Waiting[]): Promise<Waiting[]> {
    const { clients, consumer } = this.#options;
    const asked = shares.filter(({ through }) => this.#uncertain.get(nameOf(through)) === through.offset);
    const admin = await clients.admin();
    const committed = await committedOffsets(admin, consumer.groupId, asked.map(({ through }) => through), {
      settled: true,
    });
    for (const { through } of shares) this.#uncertain.delete(nameOf(through));
    const stored = new Set(
      asked.filter(({ through }) =>
        committed.some((each) => nameOf(each) === nameOf(through) && each.offset > through.offset)
      ),
    );
    for (const share of stored) share.resolve();
    return shares.filter((share) => !stored.has(share));
  }

  async #addOffsets(
    transaction: BytesTransaction,
    shares: readonly Waiting[],
    generation: Generation,
  ): Promise<void> {
    const { consumer } = this.#options;
    // After its coordinator was lost the client does not know the next one before it is asked.
    if (consumer.coordinatorId === null) await consumer.findGroupCoordinator();
    await transaction.addConsumer(consumer);
    // One after the other: of two at a time the library drops one.
    for (const { next } of shares) await transaction.addOffset(lastHandled(next, generation, consumer));
  }

  async #begin(): Promise<BytesTransaction> {
    try {
      return await this.#producer.begin();
    } catch (cause) {
      await this.#producer.close();
      throw cause;
    }
  }

  /** After a send that was refused the producer's sequence numbers have a gap: it is not used again. */
  async #abort(transaction: BytesTransaction): Promise<void> {
    // Why the transaction failed is said; where this fails, the next producer of the same id ends it.
    await transaction.abort().catch(() => undefined);
    await this.#producer.close();
  }

  #lost({ next: { topic, partition } }: Share): FencedError {
    return new FencedError(
      `Cannot commit partition ${partition} of "${topic}" in group "${this.#options.consumer.groupId}": ` +
        "another member reads it now",
    );
  }

  /** A producer that was fenced is replaced, and nobody else has the group's partition for it. */
  #error(cause: unknown): KafkaError {
    const action = `store outputs and offset of group "${this.#options.consumer.groupId}"`;
    const error = kafkaError(action, cause);
    if (error.failure === "unknown-topic") this.#partitions.clear();
    const replaced = error.failure === "fenced" && error.message.includes("PRODUCER");
    const failure = replaced ? "other" : error.failure;
    const changed = replaced || cause instanceof UncertainError;
    return changed ? new KafkaError(failure, error.message, true, { cause }) : error;
  }

  /** One send makes one batch per partition, never split: as many sends as the fullest partition asks for. */
  async #batches(outputs: readonly OutgoingRecord[]): Promise<KafkaMessage[][]> {
    const { limits, now } = this.#options;
    await this.#partitions.learnFor(outputs, now(), this.#closing.signal);
    const time = BigInt(Math.trunc(now()));
    const rounds: KafkaMessage[][] = [];
    const filled = new Map<string, { round: number; records: number; bytes: number }>();
    for (const output of outputs) {
      const size = batchedBytes(output);
      const partition = this.#partitioner.choose(output, this.#partitions.of(output.topic), size);
      const name = nameOf({ topic: output.topic, partition });
      let place = filled.get(name) ?? { round: 0, records: 0, bytes: 0 };
      if (place.records > 0 && (place.records + 1 > limits.records || place.bytes + size > limits.bytes)) {
        place = { round: place.round + 1, records: 0, bytes: 0 };
      }
      filled.set(name, { round: place.round, records: place.records + 1, bytes: place.bytes + size });
      (rounds[place.round] ??= []).push(toMessage(output, partition, time));
    }
    return rounds;
  }
}

function nameOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}:${partition}`;
}
