import type { ClusterMetadata, Consumer } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import type { Logger } from "../../telemetry/logger.ts";
import type { Clock } from "../clock.ts";
import type { Position, RecordBatch } from "../contract.ts";
import { endClient } from "./clients.ts";
import { type KafkaError, kafkaError } from "./error.ts";
import { committedRecords, type FetchedPartition, type FetchResponse } from "./fetched.ts";
import type { TopicPartition } from "./offsets.ts";
import { PartitionBuffer } from "./partition_buffer.ts";
import { retryDelay } from "../stream/retry.ts";

/** The library's client, with bytes. */
export type BytesConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;

/** Options of `Consumer` that make it fetch as the fetcher wants. */
export const FETCH_CLIENT = {
  retries: 0,
  autocommit: false,
  // The default of 50 MB would be buffered whole, whatever the reader takes.
  maxBytes: 1_048_576,
} as const;

/** Bytes waiting in all partitions above which nothing is fetched. */
const BUFFER_BYTES = 1_048_576;
const PARTITION_BYTES = 524_288;
/** Milliseconds a broker holds a fetch back that finds nothing; a seek or new partition waits so long at most. */
const LONG_POLL_MS = 200;
const READ_COMMITTED = 1;
const OUT_OF_RANGE = 1;
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

  /** Begins to read partitions, each from its offset on. */
  add(positions: readonly Position[]): void {
    for (const position of positions) {
      this.#buffers.set(`${position.topic}:${position.partition}`, new PartitionBuffer(position));
    }
    this.#pump();
  }

  /** Stops reading partitions; what waits of them is dropped. */
  remove(partitions: readonly TopicPartition[]): void {
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
  take(max: number, maxBytes: number): RecordBatch | null {
    for (const [name, buffer] of this.#buffers) {
      if (buffer.empty) continue;
      const { topic, partition } = buffer;
      const records = buffer.take(max, maxBytes);
      // Behind the others for the next time.
      this.#buffers.delete(name);
      this.#buffers.set(name, buffer);
      this.#pump();
      return { topic, partition, records };
    }
    if (this.#trouble !== undefined && !this.#trouble.retryable) throw this.#trouble;
    this.#pump();
    return null;
  }

  /** Resolves when something came or failed, after `ms`, or when `signal` aborts. */
  async wait(ms: number, signal?: AbortSignal): Promise<void> {
    const stop = new AbortController();
    this.#waiting = () => stop.abort();
    await this.#options.clock.sleep(ms, signal ? AbortSignal.any([stop.signal, signal]) : stop.signal);
    this.#waiting = undefined;
  }

  /** Ends reading and the client. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#buffers.clear();
    this.#waiting?.();
    await endClient(this.#consumer, this.#consumer.close(true));
    await Promise.all(this.#fetching.values());
  }

  /** Asks every leader that is not being asked, unless enough waits already. */
  #pump(): void {
    if (this.#starting || this.#closing.signal.aborted || this.#buffers.size === 0) return;
    let waiting = 0;
    for (const buffer of this.#buffers.values()) waiting += buffer.bytes;
    if (waiting >= BUFFER_BYTES) return;
    this.#starting = true;
    void this.#start().finally(() => this.#starting = false);
  }

  async #start(): Promise<void> {
    let metadata: ClusterMetadata;
    try {
      metadata = await this.#consumer.metadata({ topics: [...this.#options.topics] });
    } catch (error) {
      await this.#failed(error);
      setImmediate(() => this.#pump());
      return;
    }
    const byLeader = Map.groupBy(
      this.#buffers.values(),
      ({ topic, partition }) => metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1,
    );
    for (const [leader, buffers] of byLeader) {
      if (this.#fetching.has(leader)) continue;
      const fetching = this.#fetch(leader, buffers, metadata).finally(() => {
        this.#fetching.delete(leader);
        this.#pump();
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
          if (fetched.errorCode === 0) this.#accept(request.buffer, fetched, request.from);
          else if (fetched.errorCode === OUT_OF_RANGE) {
            this.#restart(request.buffer, Number(fetched.logStartOffset));
          } else whole = false;
        }
      }
      return whole;
    };
    try {
      accept(
        await this.#consumer.fetch({
          node,
          topics,
          minBytes: 1,
          maxBytes: FETCH_CLIENT.maxBytes,
          maxWaitTime: LONG_POLL_MS,
          isolationLevel: READ_COMMITTED,
        }),
      );
      this.#failures = 0;
      this.#trouble = undefined;
    } catch (error) {
      // One partition's error rejects the whole answer; the others' records are in it all the same.
      const response = responseOf(error);
      if (response === undefined || !accept(response)) await this.#failed(error);
    }
  }

  #accept(buffer: PartitionBuffer, fetched: FetchedPartition, from: number): void {
    const { topic, partition } = buffer;
    const { records, next } = committedRecords(topic, fetched, from);
    const advanced = next > buffer.position;
    buffer.fill(records, next);
    if (records.length > 0) this.#waiting?.();
    else if (advanced && buffer.empty) this.#options.onAdvanced?.({ topic, partition, offset: next });
  }

  /** The records are gone by retention, or the topic is another one of the same name: what there is, is read. */
  #restart(buffer: PartitionBuffer, start: number): void {
    const { topic, partition, position } = buffer;
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
