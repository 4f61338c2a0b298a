import type { BusRecord, Header, RecordBatch, StartFrom } from "./contract.ts";
import type { Reader, Transaction } from "../store/contract.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Counter, MetricOptions } from "../telemetry/metrics.ts";

/** What a value may be on its way out: bytes as they are, anything else as JSON. `null` is a tombstone. */
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
  /** Topic of raw values the handler returns. */
  outputTopic?: string;
  /** Attempts before a batch or record goes to `<topic>.dlq`. Default 5. */
  attempts?: number;
  /**
   * Local source only: a module that runs in a Worker beside the agent's thread, instead of a handler. Its default
   * export is a `HandlerFactory`; `options` reach it as structured clone.
   */
  worker?: { module: URL; options?: unknown };
}

/** A batch as a handler sees it. */
export interface Batch extends RecordBatch {
  /** Retries this record alone; the others are done. After the last attempt it goes to the dead-letter topic. */
  fail(record: BusRecord, cause: unknown): void;
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

/** Handles batches of one topic and partition, in order. Throwing retries the batch. */
export type StreamHandler = (
  batch: Batch,
) => HandlerReturn | Promise<HandlerReturn>;

/** Nothing, raw values for `outputTopic`, publish requests, or a `HandlerResult`. */
export type HandlerReturn = void | HandlerResult | readonly PublishRequest[] | readonly OutgoingValue[];

/** What a handler in a Worker has of the context. */
export interface WorkerContext {
  /** The plugin's log. */
  readonly log: Logger;
  /** A counter, merged into the agent's metrics. */
  counter(options: MetricOptions): Counter;
  /** Reads of this thread's own connection. */
  read<T>(work: (db: Reader) => T): T;
}

/** Default export of a Worker's handler module. */
export type HandlerFactory = (ctx: WorkerContext, options: unknown) => StreamHandler | Promise<StreamHandler>;

/** A running stream. */
export interface StreamHandle {
  /** Takes no further batch; the one under way is finished. */
  pause(): void;
  /** Goes on after `pause`. */
  resume(): void;
  /** Resolves when everything appended before this call is handled, or rejects when `signal` aborts. */
  caughtUp(signal?: AbortSignal): Promise<void>;
  /** Records not yet handled. */
  lag(): Promise<number>;
}
