import type { BusRecord, Header, OutgoingRecord, TopicSpec } from "../contract.ts";
import { errorChain } from "../../telemetry/plain.ts";

/** Headers of a dead letter: where the record lay and why it was set aside. */
export const DEAD_LETTER_HEADERS = {
  topic: "capstan.dlq.topic",
  partition: "capstan.dlq.partition",
  offset: "capstan.dlq.offset",
  group: "capstan.dlq.group",
  error: "capstan.dlq.error",
  attempts: "capstan.dlq.attempts",
  time: "capstan.dlq.time",
  timestamp: "capstan.dlq.timestamp",
  /** How often it was sent back; the record has it, too. */
  redriven: "capstan.dlq.redriven",
} as const;

/** What all of these begin with. */
const PREFIX = "capstan.dlq.";

/** Longest error text kept in a header, in characters. */
const MAX_ERROR = 4_096;
/** What the headers may add to a record, in bytes. */
const HEADER_ROOM = 64 * 1024;
const KEPT_MS = 30 * 24 * 3_600_000;

const encoder = new TextEncoder();

/** A record that was given up. */
export interface GivenUp {
  record: BusRecord;
  cause: unknown;
  attempts: number;
  group: string;
  /** Milliseconds since 1970. */
  at: number;
  /** What is written of the record and of the cause. Default: all. */
  redacted?: { value(bytes: Uint8Array | null): Uint8Array | null; text(text: string): string };
}

/** The dead-letter topic of a topic. */
export function deadLetterTopic(topic: string): string {
  return `${topic}.dlq`;
}

/** The topic whose dead letters this one holds; any other topic is its own. */
export function originTopic(topic: string): string {
  return isDeadLetterTopic(topic) ? topic.slice(0, -deadLetterTopic("").length) : topic;
}

/** A record's headers without what a dead letter says of it. */
export function withoutReason(headers: readonly Header[]): Header[] {
  return headers.filter(([name]) => !name.startsWith(PREFIX));
}

/** Whether a topic holds another's dead letters. */
export function isDeadLetterTopic(topic: string): boolean {
  return topic.endsWith(deadLetterTopic(""));
}

/** The record as it goes to the dead-letter topic: key, value and headers as they were, the reason in more headers. */
export function deadLetter({ record, cause, attempts, group, at, redacted }: GivenUp): OutgoingRecord {
  const names = DEAD_LETTER_HEADERS;
  const header = (name: string, value: string): Header => [name, encoder.encode(value)];
  // A letter that was redriven and failed again says why it failed last.
  const said = errorChain(cause);
  const kept = record.headers.filter(([name]) => name === names.redriven || !name.startsWith(PREFIX));
  return {
    topic: deadLetterTopic(record.topic),
    key: record.key,
    value: redacted ? redacted.value(record.value) : record.value,
    // Its own age would let retention take an old record at once.
    timestamp: at,
    headers: [
      ...kept,
      header(names.topic, record.topic),
      header(names.partition, String(record.partition)),
      header(names.offset, String(record.offset)),
      header(names.group, group),
      header(names.error, (redacted?.text(said) ?? said).slice(0, MAX_ERROR)),
      header(names.attempts, String(attempts)),
      header(names.time, new Date(at).toISOString()),
      header(names.timestamp, String(record.timestamp)),
    ],
  };
}

/** The dead-letter topic's spec: one partition, kept 30 days, with room for the headers. */
export function deadLetterSpec(origin: TopicSpec): TopicSpec {
  return {
    name: deadLetterTopic(origin.name),
    partitions: 1,
    ...(origin.replication !== undefined && { replication: origin.replication }),
    retentionMs: KEPT_MS,
    maxRecordBytes: (origin.maxRecordBytes ?? 1_000_000) + HEADER_ROOM,
    ...(origin.localOnly !== undefined && { localOnly: origin.localOnly }),
  };
}
