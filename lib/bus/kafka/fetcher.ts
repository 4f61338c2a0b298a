import type { ClusterMetadata, Consumer } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import type { Logger } from "../../telemetry/logger.ts";
import type { Clock } from "../clock.ts";
import type { Position, ReceiveOptions, RecordBatch } from "../contract.ts";
import { endClient } from "./clients.ts";
import { type KafkaError, kafkaError } from "./error.ts";
import { committedRecords, type FetchedPartition, type FetchResponse } from "./fetched.ts";
import type { TopicPartition } from "./offsets.ts";
import { PartitionBuffer } from "./partition_buffer.ts";
import { retryDelay } from "../stream/retry.ts";

/** The library's client, with bytes; the fetcher's is a `fetchingConsumer`. */
export type BytesConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;

/** Options of `Consumer` that make it fetch as the fetcher wants. */
export const FETCH_CLIENT = {
  retries: 0,
  autocommit: false,
  // The default of 50 MB would be buffered whole, whatever the reader takes.
  maxBytes: 1_048_576,
} as const;

/** Bytes waiting in all partitions above which those alone are fetched of which nothing waits. */
const BUFFER_BYTES = 1_048_576;
/** Bytes waiting in a partition above which it is not fetched, and the most asked for of it at once. */
const PARTITION_BYTES = 524_288;
/** Bytes of an answer below which its reader has them before the next request is made. */
const LITTLE_BYTES = 65_536;
/** Milliseconds a broker holds a fetch back that finds nothing; a seek or new partition waits so long at most. */
const LONG_POLL_MS = 200;
/** The same while a partition that is full was left out: it is to be asked soon after it was taken from. */
const SHORT_POLL_MS = 20;
const OUT_OF_RANGE = 1;
/** Stands for the first offset there is. */
const EARLIEST = -2n;
const BACKOFF = { baseMs: 100, maxMs: 2_000 };

/** What a fetcher works with. */
export interface FetcherOptions {
  /** A client of its own: a broker answers the requests of one connection in turn, and fetches are held back. */
  consumer: BytesConsumer;
  /** Topics. */
  topics: readonly string[];
  /** What time it is, and how to wait. */
  clock: Clock;
  /** Takes what no caller is told. */
  log: Logger;
  /** Nothing but control records came: the position moved, and nothing waits. */
  onAdvanced?(position: Position): void;
}

/**
 * Reads the partitions it is given, one request to each of their leaders at a time, into bounded buffers. Outages are
 * waited out; what will not go away by itself is thrown by `take` until it has.
 */
export class KafkaFetcher {
  readonly #options: FetcherOptions;
  readonly #consumer: BytesConsumer;
  readonly #buffers = new Map<string, PartitionBuffer>();
  readonly #fetching = new Map<number, Promise<void>>();
  readonly #closing = new AbortController();
  #starting = false;
  /** Nodes that lead the partitions read, as of the last look. */
  #leaders = Infinity;
  /** Little came last, so that its reader waits for it more than for the next. */
  #trickling = true;
  #soon: ReturnType<typeof setImmediate> | undefined;
  #failures = 0;
  #trouble: KafkaError | undefined;
  #waiting: (() => void) | undefined;

  /** Reads nothing before `add`. */
  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#consumer = options.consumer;
    this.#consumer.topics.trackAll(...options.topics);
  }

  /** Partitions being read. */
  get partitions(): TopicPartition[] {
    return [...this.#buffers.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** The buffer of a partition being read. */
  buffer({ topic, partition }: TopicPartition): PartitionBuffer | undefined {
    return this.#buffers.get(`${topic}:${partition}`);
  }

  /** Begins to read partitions, each from its offset on; they give nothing before `release`. */
  add(positions: readonly Position[]): void {
    this.#leaders = Infinity;
    for (const position of positions) {
      this.#buffers.set(`${position.topic}:${position.partition}`, new PartitionBuffer(position));
    }
    this.#pump();
  }

  /** Lets partitions give what was read of them. */
  release(partitions: readonly TopicPartition[]): void {
    for (const each of partitions) {
      const buffer = this.buffer(each);
      if (buffer) buffer.held = false;
    }
    this.#waiting?.();
  }

  /** Stops reading partitions; what waits of them is dropped. */
  remove(partitions: readonly TopicPartition[]): void {
    this.#leaders = Infinity;
    for (const { topic, partition } of partitions) this.#buffers.delete(`${topic}:${partition}`);
  }

  /** The next record taken of the partition is the one at `offset`. */
  seek(position: Position): void {
    this.buffer(position)?.seek(position.offset);
    this.#pump();
  }

  /**
   * Records of the partition whose turn it is, or `null` where none wait.
   * @throws {KafkaError} reading fails and will go on failing until somebody changes something.
   */
  take({ max, maxBytes, only }: Pick<ReceiveOptions, "max" | "maxBytes" | "only">): RecordBatch | null {
    for (const [name, buffer] of this.#buffers) {
      if (buffer.empty || buffer.held || only?.(buffer) === false) continue;
      const { topic, partition } = buffer;
      const records = buffer.take(max, maxBytes);
      // Behind the others for the next time.
      this.#buffers.delete(name);
      this.#buffers.set(name, buffer);
      this.#pumpOn();
      return { topic, partition, records };
    }
    if (this.#trouble !== undefined && !this.#trouble.retryable) throw this.#trouble;
    this.#pumpOn();
    return null;
  }

  /** Resolves when something came or failed, after `ms`, or when `signal` aborts. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    const stop = new AbortController();
    // Without a reason an exception is made, with its stack.
    const wake = () => stop.abort("woken");
    this.#waiting = wake;
    // Not `AbortSignal.any`: this is waited for once for each batch, and a listener costs a tenth of it.
    signal?.addEventListener("abort", wake, { once: true });
    await this.#options.clock.sleep(ms, stop.signal);
    signal?.removeEventListener("abort", wake);
    this.#waiting = undefined;
  }

  /** Ends reading and the client. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#soon !== undefined) clearImmediate(this.#soon);
    this.#buffers.clear();
    this.#waiting?.();
    await endClient(this.#consumer, this.#consumer.close(true));
    await Promise.all(this.#fetching.values());
  }

  /** Goes on asking: at once where much comes, else after who waits for the little that came. */
  #pumpOn(): void {
    if (this.#fetching.size >= this.#leaders) return;
    if (!this.#trickling) return this.#pump();
    // Making a request takes as long as a record takes to come.
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.#pump();
    });
  }

  /** Asks every leader that is not being asked for its partitions of which not enough waits already. */
  #pump(): void {
    if (this.#starting || this.#closing.signal.aborted || this.#wanted().length === 0) return;
    this.#starting = true;
    void this.#start();
  }

  /** A partition that is worked on slowly must not keep the others from being fetched. */
  #wanted(): PartitionBuffer[] {
    const all = [...this.#buffers.values()];
    const waiting = all.reduce((sum, { bytes }) => sum + bytes, 0);
    const limit = waiting >= BUFFER_BYTES ? 1 : PARTITION_BYTES;
    return all.filter(({ bytes }) => bytes < limit);
  }

  async #start(): Promise<void> {
    let metadata: ClusterMetadata;
    try {
      metadata = await this.#consumer.metadata({ topics: [...this.#options.topics] });
    } catch (error) {
      await this.#failed(error);
      this.#starting = false;
      setImmediate(() => this.#pump());
      return;
    }
    // Not later: a fetch that ends in between would find this one starting, and nobody would ask again.
    this.#starting = false;
    const leaderOf = ({ topic, partition }: TopicPartition) =>
      metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
    this.#leaders = new Set([...this.#buffers.values()].map(leaderOf)).size;
    const byLeader = Map.groupBy(this.#wanted(), leaderOf);
    for (const [leader, buffers] of byLeader) {
      if (this.#fetching.has(leader)) continue;
      const fetching = this.#fetch(leader, buffers, metadata).finally(() => {
        this.#fetching.delete(leader);
        this.#pumpOn();
      });
      this.#fetching.set(leader, fetching);
    }
  }

  async #fetch(node: number, buffers: readonly PartitionBuffer[], metadata: ClusterMetadata): Promise<void> {
    const asked = buffers.map((buffer) => ({ buffer, from: buffer.position, turn: buffer.turn }));
    const topics = [...Map.groupBy(asked, ({ buffer }) => buffer.topic)].map(([topic, list]) => ({
      topicId: metadata.topics.get(topic)?.id ?? "",
      partitions: list.map(({ buffer, from }) => ({
        partition: buffer.partition,
        fetchOffset: BigInt(from),
        partitionMaxBytes: PARTITION_BYTES,
        currentLeaderEpoch: -1,
        lastFetchedEpoch: -1,
      })),
    }));
    const names = new Map([...metadata.topics].map(([name, { id }]) => [id, name]));
    let bytes = 0;
    const lost: PartitionBuffer[] = [];
    /** Takes what was answered; false where it held errors that call for patience. */
    const accept = (response: FetchResponse): boolean => {
      let whole = response.errorCode === 0;
      for (const { topicId, partitions } of response.responses) {
        for (const fetched of partitions) {
          const request = asked.find(({ buffer }) =>
            buffer.topic === names.get(topicId) && buffer.partition === fetched.partitionIndex
          );
          // Not asked for any more: it was sought or went to another member meanwhile.
          if (
            !request || request.turn !== request.buffer.turn || this.buffer(request.buffer) !== request.buffer
          ) continue;
          if (fetched.errorCode === 0) bytes += this.#accept(request.buffer, fetched, request.from);
          else if (fetched.errorCode === OUT_OF_RANGE) lost.push(request.buffer);
          else whole = false;
        }
      }
      this.#trickling = bytes < LITTLE_BYTES;
      return whole;
    };
    try {
      accept(
        await this.#consumer.fetch({
          node,
          topics,
          minBytes: 1,
          maxBytes: FETCH_CLIENT.maxBytes,
          maxWaitTime: this.#wanted().length < this.#buffers.size ? SHORT_POLL_MS : LONG_POLL_MS,
        }),
      );
      this.#failures = 0;
      this.#trouble = undefined;
    } catch (error) {
      // One partition's error rejects the whole answer; the others' records are in it all the same.
      const response = responseOf(error);
      if (response === undefined || !accept(response)) await this.#failed(error);
    }
    for (const buffer of lost) await this.#restart(buffer);
  }

  /** Gives the bytes of what came. */
  #accept(buffer: PartitionBuffer, fetched: FetchedPartition, from: number): number {
    const { topic, partition, bytes } = buffer;
    const { records, next } = committedRecords(topic, fetched, from);
    const advanced = next > buffer.position;
    buffer.fill(records, next);
    if (records.length > 0) this.#waiting?.();
    else if (advanced && buffer.empty) this.#options.onAdvanced?.({ topic, partition, offset: next });
    return buffer.bytes - bytes;
  }

  /** The records are gone by retention, or the topic is another one of the same name: what there is, is read. */
  async #restart(buffer: PartitionBuffer): Promise<void> {
    const { topic, partition, position, turn } = buffer;
    let start: number;
    try {
      // The broker's answer tells no start where it tells that the offset is out of range.
      const listed = await this.#consumer.listOffsets({
        topics: [topic],
        partitions: { [topic]: [partition] },
        timestamp: EARLIEST,
      });
      start = Number(listed.get(topic)?.[partition] ?? -1);
      if (start < 0) throw new Error(`no offset of partition ${partition} of "${topic}" was told`);
    } catch (error) {
      return await this.#failed(error);
    }
    if (buffer.turn !== turn) return;
    this.#options.log.warn("Records are no longer there; reading goes on with the first that is", {
      topic,
      partition,
      wanted: position,
      first: start,
    });
    buffer.seek(start);
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#consumer.clearMetadata();
    this.#trouble = kafkaError(`read ${this.#options.topics.map((topic) => `"${topic}"`).join(", ")}`, error);
    this.#waiting?.();
    const delay = retryDelay(++this.#failures, BACKOFF, Math.random);
    await this.#options.clock.sleep(delay, this.#closing.signal);
  }
}

function responseOf(error: unknown): FetchResponse | undefined {
  return error instanceof Error && "response" in error ? error.response as FetchResponse : undefined;
}
