import type { BusDriver, TopicSpec } from "../contract.ts";
import { KafkaError } from "../kafka/error.ts";
import type { Shrink } from "./shrink.ts";
import { SendError } from "../send_error.ts";

/** Where the relay sends. A send should wait out an outage by itself: only so is nothing doubled after it. */
export interface RelayTarget extends Pick<BusDriver, "send" | "topics" | "isRetryable"> {
  /** Resolves once somebody else has tried to make all topics: the relay makes one only after that. Default: nobody. */
  readonly topicsTried?: Promise<void>;
}

/** A topic the relay sends on. */
export interface RelayTopic {
  /** Name in the local log. */
  local: string;
  /** What it should be on Kafka, `name` being its name there. */
  spec: TopicSpec;
  /** How a record over `spec.maxRecordBytes` is made smaller. Default `shrinkContent`. */
  shrink?: Shrink;
}

/** A record's size a topic takes where its spec says nothing: the contract's default. */
export const MAX_RECORD_BYTES = 1_000_000;

/**
 * Whether the failure lies in the records, so that they would fail for ever while others would pass. Outages, wrong
 * credentials and missing topics are not of that kind.
 */
export function isRefusal(error: unknown): boolean {
  if (error instanceof SendError) return error.causes.some(isRefusal);
  if (error instanceof KafkaError) return error.failure === "too-large" || error.failure === "refused";
  // What is wrong with the value itself, found before anything was sent. A RangeError is not: the topic has other
  // partitions than it had.
  return error instanceof TypeError;
}

/** Those of the records sent that are not acknowledged yet. */
export function unacknowledged<T>(records: readonly T[], error: unknown): readonly T[] {
  return error instanceof SendError ? records.filter((_, i) => error.acknowledged[i] === undefined) : records;
}
