import { type KafkaError, kafkaError } from "./error.ts";
import type { KafkaMessage } from "./records.ts";

/** Records of one `send` for one partition, in order. */
export interface Chunk {
  /** What is sent. */
  readonly messages: readonly KafkaMessage[];
  /** Bytes of each message in a batch, at most. */
  readonly sizes: readonly number[];
  /** Bytes of all messages. */
  readonly bytes: number;
  /** Nobody waits for it any more: it must not be sent. */
  readonly done: boolean;
  /**
   * Called for each part the broker has acknowledged: messages from index `from` on lie at `offset` and behind. -1: it
   * did not say where.
   */
  acknowledged(from: number, count: number, offset: number): void;
  /** Called once: everything is acknowledged, or `error` stopped it. */
  settled(error?: KafkaError): void;
}

/** Largest batch of one request and partition. */
export interface BatchLimits {
  /** Records. */
  records: number;
  /** Bytes. */
  bytes: number;
}

/** Sends one batch and gives the offset of its first record, or -1 where the broker does not say. */
export type Produce = (messages: KafkaMessage[]) => Promise<number>;

/**
 * Sends chunks to one partition, one batch at a time: whatever is queued meanwhile goes in the next. One at a time keeps
 * the order through every retry, and the sequence numbers of an idempotent producer without gaps.
 */
export class KafkaLane {
  readonly #name: string;
  readonly #limits: BatchLimits;
  readonly #produce: Produce;
  #queue: Chunk[] = [];
  #running = false;

  /** `name` is for messages. */
  constructor(name: string, limits: BatchLimits, produce: Produce) {
    this.#name = name;
    this.#limits = { ...limits };
    this.#produce = produce;
  }

  /** Queues a chunk; it leaves at once unless a batch is under way. */
  push(chunk: Chunk): void {
    this.#queue.push(chunk);
    if (this.#running) return;
    this.#running = true;
    void this.#run();
  }

  /** Takes a chunk back that has not been sent yet; `false` where it is under way or done. */
  withdraw(chunk: Chunk): boolean {
    const at = this.#queue.indexOf(chunk);
    if (at < 0) return false;
    this.#queue.splice(at, 1);
    return true;
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const chunks = this.#take();
      try {
        if (chunks.length > 1) await this.#sendTogether(chunks);
        else for (const chunk of chunks) await this.#sendAlone(chunk);
      } catch (cause) {
        const error = kafkaError(`send to ${this.#name}`, cause);
        // What a topic refuses may be one record of one caller: the others' must not fail for it.
        if (chunks.length > 1 && concernsRecords(error)) await this.#sendEach(chunks);
        else for (const chunk of chunks) chunk.settled(error);
      }
    }
    this.#running = false;
  }

  /** As many whole chunks as fit in one batch; a chunk over the limit alone. */
  #take(): Chunk[] {
    let records = 0;
    let bytes = 0;
    let count = 0;
    for (const chunk of this.#queue) {
      records += chunk.messages.length;
      bytes += chunk.bytes;
      if (count > 0 && (records > this.#limits.records || bytes > this.#limits.bytes)) break;
      count++;
    }
    return this.#queue.splice(0, count);
  }

  async #sendTogether(chunks: readonly Chunk[]): Promise<void> {
    let offset = await this.#produce(chunks.flatMap((chunk) => chunk.messages));
    for (const chunk of chunks) {
      chunk.acknowledged(0, chunk.messages.length, offset);
      if (offset >= 0) offset += chunk.messages.length;
      chunk.settled();
    }
  }

  async #sendEach(chunks: readonly Chunk[]): Promise<void> {
    for (const chunk of chunks) {
      try {
        await this.#sendAlone(chunk);
      } catch (cause) {
        chunk.settled(kafkaError(`send to ${this.#name}`, cause));
      }
    }
  }

  /** Sends a chunk in as many batches as its size asks for. */
  async #sendAlone(chunk: Chunk): Promise<void> {
    for (let from = 0; from < chunk.messages.length && !chunk.done;) {
      const to = this.#fit(chunk, from);
      try {
        const offset = await this.#produce(chunk.messages.slice(from, to));
        chunk.acknowledged(from, to - from, offset);
        from = to;
      } catch (cause) {
        const error = kafkaError(`send to ${this.#name}`, cause);
        if (error.failure !== "too-large" || to - from === 1) throw error;
        // The topic takes smaller batches than we thought.
        this.#limits.bytes = Math.ceil(sum(chunk.sizes, from, to) / 2);
        this.#limits.records = Math.max(1, Math.min(this.#limits.records, (to - from) >> 1));
      }
    }
    chunk.settled();
  }

  #fit(chunk: Chunk, from: number): number {
    let bytes = chunk.sizes[from] ?? 0;
    let to = from + 1;
    while (to < chunk.messages.length && to - from < this.#limits.records) {
      bytes += chunk.sizes[to] ?? 0;
      if (bytes > this.#limits.bytes) break;
      to++;
    }
    return to;
  }
}

function concernsRecords(error: KafkaError): boolean {
  return error.failure === "too-large" || error.failure === "refused";
}

function sum(sizes: readonly number[], from: number, to: number): number {
  let total = 0;
  for (let i = from; i < to; i++) total += sizes[i] ?? 0;
  return total;
}
