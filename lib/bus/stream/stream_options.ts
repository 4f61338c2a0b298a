import type { Transaction } from "../../store/contract.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Meter } from "../../telemetry/metrics.ts";
import type { Clock } from "../clock.ts";
import type { StartFrom } from "../contract.ts";
import type { StreamHandler } from "../handler.ts";
import type { Pace } from "../pace.ts";
import type { TopicCodecs } from "../topic_codecs.ts";
import type { PartitionHooks } from "./arrival.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Place, StreamDriver } from "./rows_first.ts";
import type { WorkWatch } from "./watch.ts";

/** How a stream is made; defaults are filled in, topics have their real names. Plain data: it reaches the Worker. */
export interface StreamSpec {
  /** For logs, metrics and health: `tapes/tapes-deriver`. */
  name: string;
  group: string;
  /** Real names. */
  topics: readonly string[];
  from: StartFrom;
  maxRecords: number;
  maxBytes: number;
  lingerMs: number;
  /** Partitions worked on side by side, at least 1. Default 8. */
  concurrency?: number;
  /** Default "exactly-once". */
  delivery?: "exactly-once" | "at-least-once";
  /** Logical name. */
  outputTopic?: string;
  /** At least 1. */
  attempts: number;
  /** What is given up goes to the dead-letter topic (default), or stops the stream. */
  onFailure?: "dead-letter" | "stop";
  /** Default "decoded". */
  values?: "decoded" | "bytes";
  /** Partitions of one number go to one member. Default false. */
  together?: boolean;
}

/** What a stream works with. */
export interface StreamOptions {
  spec: StreamSpec;
  driver: StreamDriver;
  handler: StreamHandler;
  /** Told when partitions come and go. */
  hooks?: PartitionHooks;
  /** Empties a partition's rows: the handler keeps state in them. Logical name of the topic. */
  reset?(tx: Transaction, partition: Place): void;
  /** Real name of a logical topic, and back. */
  realName(topic: string): string;
  logicalName(topic: string): string;
  /** What the values of topics are. Without it they are read as they lie, and written as JSON. */
  codecs?: TopicCodecs;
  log: Logger;
  meter: Meter;
  clock: Clock;
  random(): number;
  retry?: RetryPolicy;
  /** Where a handler may end the thread. */
  watch?: WorkWatch;
  /** Rests between batches, for a stream beside a busy thread. */
  pace?: Pace;
  /** Called after each commit. */
  onCommit?(): void;
}

/** Partitions worked on side by side where a spec says nothing. */
export const DEFAULT_CONCURRENCY = 8;
