import type { BusRecord, Header, Position, StartFrom } from "./contract.ts";
import type { Reader, Transaction } from "../store/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Counter, MetricOptions } from "../telemetry/metrics.ts";
import type { Redaction } from "./redaction.ts";

export type { Redaction } from "./redaction.ts";

/**
 * What a value may be on its way out: bytes as they are, anything else by the topic's codec (JSON unless it has
 * another). `null` is a tombstone.
 */
export type OutgoingValue = Uint8Array | string | number | boolean | null | {
  readonly [key: string]: unknown;
} | readonly unknown[];

/** A record a handler or plugin publishes. */
export interface PublishRequest {
  /** Logical name of the topic. */
  topic: string;
  /** What is sent. */
  value: OutgoingValue;
  /** Texts are sent as UTF-8. */
  key?: string | Uint8Array | null;
  /** Texts are sent as UTF-8. */
  headers?: Readonly<Record<string, string>> | readonly Header[];
  /** Without one the key chooses. */
  partition?: number;
  /** Milliseconds since 1970, UTC. Default: now. */
  timestamp?: number;
  /**
   * The record this one follows from. Its W3C trace goes on: the header `traceparent` gets the same trace id and a new
   * parent id, `tracestate` is copied. Headers given here win.
   */
  from?: Pick<BusRecord, "headers">;
}

/** How the values of a topic become bytes and back. */
export interface Codec<V = unknown> {
  /** For messages: `json`. */
  readonly name: string;
  /**
   * The bytes of a value.
   * @throws {Error} the value has no such form; it is not published.
   */
  encode(value: V): Uint8Array;
  /**
   * The value of some bytes.
   * @throws {Error} these bytes are no such value; the record goes to the dead-letter topic.
   */
  decode(bytes: Uint8Array): V;
  /**
   * Makes the same codec in a Worker: a module whose default export is a `CodecFactory`; `options` reach it as structured
   * clone. Without it the topic's values stay on the agent's thread.
   */
  readonly worker?: { readonly module: URL; readonly options?: unknown };
}

/** Default export of a codec's module for Workers. */
export type CodecFactory = (options: unknown) => Codec;

/** What the values of a topic are. */
export interface TopicValues {
  /** Default `"json"`. `"bytes"` and `"text"` (UTF-8) leave values as they are. */
  codec?: "json" | "bytes" | "text" | Codec;
  /**
   * JSON Schema (draft 2020-12) of the values. What does not match is refused with a `TypeError` before it is sent, and
   * goes to the dead-letter topic where it is read.
   */
  schema?: Readonly<Record<string, unknown>>;
}

/** A partition that came to a stream. */
export interface AssignedPartition {
  /** Logical name of its topic. */
  readonly topic: string;
  /** Partition, from 0. */
  readonly partition: number;
  /** Where the group goes on; `null` where it has committed nothing. */
  readonly committed: number | null;
  /** The offset behind the last record whose rows are in this agent's file; `null` where there are none. */
  readonly rows: number | null;
}

/** How a stream reads. */
export interface StreamOptions {
  /** Logical names of the topics. */
  topics: readonly string[];
  /** Default: the plugin's name. One plugin with several streams over one topic gives each a group. */
  group?: string;
  /** `"bus"` (default): Kafka where configured, else the local log. `"local"`: always this agent's own log. */
  source?: "bus" | "local";
  /** Where a group without a committed offset starts. Default `"earliest"`. */
  from?: StartFrom;
  /** Records in a batch at most. Default 500. */
  maxRecords?: number;
  /** Bytes in a batch at most, but for the first record. Default 1 MiB. */
  maxBytes?: number;
  /** Milliseconds to let a batch fill after its first record. Default 5. */
  lingerMs?: number;
  /** Partitions worked on side by side; each of them in order. Default 8; 1 in a Worker. */
  concurrency?: number;
  /**
   * Partitions of one number go to one agent, whichever of the topics they are of: for joins of topics with the same keys
   * and as many partitions. Default false.
   */
  together?: boolean;
  /** Topic of raw values the handler returns. */
  outputTopic?: string;
  /**
   * `"exactly-once"` (default): rows, outputs and offset together or not at all; on Kafka in a transaction.
   * `"at-least-once"`: outputs are sent and acknowledged, then the offset is committed while the next batch is worked
   * on. Faster on Kafka; a crash or rebalance may repeat the last batches.
   */
  delivery?: "exactly-once" | "at-least-once";
  /** Attempts before a batch or record is given up. Default 5. */
  attempts?: number;
  /** What is given up goes to `<topic>.dlq` (default), or stops the stream until the agent starts again. */
  onFailure?: "dead-letter" | "stop";
  /** `"decoded"` (default): `data` of each record is read by the topic's codec. `"bytes"`: it is `value`, as it lies. */
  values?: "decoded" | "bytes";
  /**
   * The handler keeps state by partition in its rows. Where a partition comes to this agent and its rows are not where
   * the group is, the records between are handled again for their rows alone, outputs dropped. Where that can't give
   * the right state, `reset` empties the partition's rows, and all that the topic still keeps is handled again. On the
   * local log rows and offset never differ; there, as on Kafka, `StreamHandle.rebuild` does the same when it is asked
   * for. With `worker` only beside a handler; there the module's `state` takes its place.
   */
  state?: StreamState;
  /**
   * Partitions came, before their first batch. With `state` before anything is handled again, and after `reset`: `rows`
   * is where that begins. Throwing is retried. With `worker` only beside a handler, and on the agent's thread.
   */
  onAssigned?(partitions: readonly AssignedPartition[]): void | Promise<void>;
  /** Partitions went, after their last batch here, or with their Worker. With `worker` as `onAssigned`. */
  onRevoked?(partitions: readonly { topic: string; partition: number }[]): void | Promise<void>;
  /**
   * A module that runs in a Worker beside the agent's thread, in the place of a handler, where the stream reads this
   * agent's own log. Its default export is a `HandlerFactory`; `options` reach it as structured clone. With a handler
   * beside it the stream may read any bus: where that is Kafka the handler runs, on the agent's thread.
   */
  worker?: StreamWorker;
}

/** Where a stream's handler runs beside the agent's thread. */
export interface StreamWorker {
  /** Its default export is a `HandlerFactory`; of a stream with `state` it exports a `StateFactory` as `state`. */
  module: URL;
  /** Reach the module as structured clone. */
  options?: unknown;
  /** In a Worker of the plugin's own, which begins and ends with it. Default: in the one that all plugins share. */
  own?: boolean;
}

/** How a handler's state is emptied. */
export interface StreamState {
  /** Removes the rows of a partition. */
  reset(tx: Transaction, partition: { topic: string; partition: number }): void;
}

/** A record as a handler sees it. */
export interface StreamRecord<V = unknown> extends BusRecord {
  /** The value as the topic's codec reads it; `null` for a tombstone. */
  readonly data: V;
  /** The key as UTF-8; `null`: none. */
  readonly keyText: string | null;
}

/** Records of one topic and partition, in the order of their offsets; never empty. */
export interface Batch<V = unknown> {
  /** Logical name of their topic. */
  readonly topic: string;
  /** Their partition. */
  readonly partition: number;
  /** The records, at least one. */
  readonly records: readonly StreamRecord<V>[];
  /**
   * Retries this record alone; the others are done. After the last attempt it is given up: see `onFailure`.
   * @throws {TypeError} the record is not in this batch.
   */
  fail(record: Position, cause: unknown): void;
  /** Aborts when the stream stops or the partition goes to another member. */
  readonly signal: AbortSignal;
}

/** What a handler's work is, where it is more than outputs. */
export interface HandlerResult {
  /** Records to publish. */
  outputs?: readonly PublishRequest[];
  /**
   * Runs in the transaction that also stores the outputs and the group's offset: synchronous, short, nothing but SQL.
   * Parse before, so that the write lock is held for the inserts alone. What it returns is published too. It may be run
   * a second time after a rollback, so it must have no effect except through `tx`.
   */
  write?(tx: Transaction): readonly PublishRequest[] | void;
}

/**
 * Handles batches of one topic and partition, in order. Throwing retries the batch. (Written as a method's type: a
 * handler that expects values of one kind is taken where any are; the topic's codec and schema answer for them.)
 */
export type StreamHandler<V = unknown> = {
  handle(batch: Batch<V>): HandlerReturn | Promise<HandlerReturn>;
}["handle"];

/** Nothing, raw values for `outputTopic`, publish requests, or a `HandlerResult`. */
export type HandlerReturn = void | HandlerResult | readonly PublishRequest[] | readonly OutgoingValue[];

/** What a handler in a Worker has of the context. */
export interface WorkerContext {
  /** What takes secrets out of what is stored; see `PluginContext.redact`. */
  readonly redact: Redaction;
  /** The plugin's log. */
  readonly log: Logger;
  /** Milliseconds since 1970, with fractions. */
  now(): number;
  /** A counter, merged into the agent's metrics. */
  counter(options: MetricOptions): Counter;
  /** Reads of this thread's own connection. */
  read<T>(work: (db: Reader) => T): T;
}

/** Default export of a Worker's handler module. */
export type HandlerFactory = (ctx: WorkerContext, options: unknown) => StreamHandler | Promise<StreamHandler>;

/** Export `state` of a Worker's handler module, where the handler keeps state in its rows. */
export type StateFactory = (options: unknown) => StreamState;

/** How state is made anew. */
export interface RebuildOptions {
  /** Ends the waiting alone: the work goes on, because a half of a state is none. */
  signal?: AbortSignal;
  /** Told now and then how far it is, in offsets of all partitions together; `total` shrinks where retention took some. */
  onProgress?(figures: { readonly done: number; readonly total: number }): void;
}

/** State that was made anew. */
export interface Rebuilt {
  /** Partitions it is of: those that this agent has. */
  readonly partitions: number;
  /** Records that were handled again. */
  readonly records: number;
}

/** A running stream. */
export interface StreamHandle {
  /** Takes no further batch; the one under way is finished. */
  pause(): void;
  /** Goes on after `pause`. */
  resume(): void;
  /**
   * Resolves when everything appended before this call is handled, and a state that is made anew is whole. Rejects when
   * `signal` aborts, and where the stream stopped at a record it can't handle (`onFailure: "stop"`).
   */
  caughtUp(signal?: AbortSignal): Promise<void>;
  /** Records not yet handled. */
  lag(): Promise<number>;
  /**
   * Makes the state (`StreamOptions.state`) of the partitions that this agent has anew: it is emptied, all that the topics
   * still keep is handled again up to where the group is, outputs dropped, and the stream goes on. Nothing else is
   * handled meanwhile. An agent that dies in the middle goes on with it at its next start.
   * @throws {TypeError} the stream keeps no state, or is at it already.
   */
  rebuild(options?: RebuildOptions): Promise<Rebuilt>;
}
