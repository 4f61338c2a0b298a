import type { Header, OutgoingRecord } from "../bus/contract.ts";
import { UsageError } from "./exit.ts";
import type { Line } from "./read_lines.ts";

/** How lines become records. */
export interface LineOptions {
  topic: string;
  /** What stands between key and value in a line. */
  keySeparator?: string;
  /** The key of every record. */
  key?: string;
  headers?: readonly string[];
  partition?: number;
}

/**
 * A function from a line to its record.
 * @throws {UsageError} the flags contradict each other, or a header has no `=`. The function throws where a line lacks the separator.
 */
export function lineToRecord(options: LineOptions): (line: Line) => OutgoingRecord {
  const { topic, partition, keySeparator } = options;
  if (keySeparator === "") throw new UsageError("Cannot use --key-separator: it is empty");
  if (keySeparator !== undefined && options.key !== undefined) {
    throw new UsageError("Cannot use --key with --key-separator: the key comes from one or the other");
  }
  const headers = options.headers?.map(header);
  const encoder = new TextEncoder();
  const fixedKey = options.key === undefined ? null : encoder.encode(options.key);
  return ({ text, number }) => {
    if (keySeparator === undefined) {
      return { topic, partition, headers, key: fixedKey, value: encoder.encode(text) };
    }
    const at = text.indexOf(keySeparator);
    if (at < 0) {
      throw new Error(
        `Cannot publish line ${number}: it has no key separator ${JSON.stringify(keySeparator)}`,
      );
    }
    return {
      topic,
      partition,
      headers,
      key: encoder.encode(text.slice(0, at)),
      value: encoder.encode(text.slice(at + keySeparator.length)),
    };
  };
}

function header(text: string): Header {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`Cannot use --header "${text}": it is written NAME=VALUE`);
  return [text.slice(0, at), new TextEncoder().encode(text.slice(at + 1))];
}
