import type { BusRecord, Header, Position } from "../bus/contract.ts";
import { DEAD_LETTER_HEADERS, originTopic, withoutReason } from "../bus/stream/dead_letters.ts";

/** A dead letter, with what its headers say. */
export interface Letter {
  /** As it lies in the dead-letter topic. */
  record: BusRecord;
  /** Topic it came from. */
  topic: string;
  /** Where it lay there; `null` where its headers do not tell. */
  partition: number | null;
  offset: number | null;
  /** Group that gave it up. */
  group: string | null;
  error: string | null;
  attempts: number | null;
  /** Milliseconds since 1970: when it was given up, and when it had been written. */
  at: number;
  written: number | null;
  /** How often it has been sent back. */
  redriven: number;
  /** Its own headers. */
  headers: readonly Header[];
}

const decoder = new TextDecoder();

/** Reads a record of a dead-letter topic. Others than Capstan may have put it there: what is missing is `null`. */
export function readLetter(record: BusRecord): Letter {
  const names = DEAD_LETTER_HEADERS;
  const text = (name: string): string | null => {
    const found = record.headers.findLast(([each]) => each === name);
    return found === undefined ? null : decoder.decode(found[1]);
  };
  const number = (name: string): number | null => {
    const found = text(name);
    const value = Number(found);
    return found === null || found === "" || !Number.isFinite(value) ? null : value;
  };
  return {
    record,
    topic: text(names.topic) ?? originTopic(record.topic),
    partition: number(names.partition),
    offset: number(names.offset),
    group: text(names.group),
    error: text(names.error),
    attempts: number(names.attempts),
    at: record.timestamp,
    written: number(names.timestamp),
    redriven: number(names.redriven) ?? 0,
    headers: withoutReason(record.headers),
  };
}

/** `0/17`: where a letter lies. */
export function placeOf({ partition, offset }: Pick<Position, "partition" | "offset">): string {
  return `${partition}/${offset}`;
}
