import { createHash } from "node:crypto";
import { readJson } from "../../json/read_json.ts";
import type { BusRecord } from "../contract.ts";

/** What stands for content that was left out. */
export interface LeftOut {
  /** Of the content's bytes; of a part of a JSON value, of its JSON text. Lower-case hex. */
  sha256: string;
  /** Bytes. */
  bytes: number;
}

/** Makes a smaller value for a record that is too large for its topic on Kafka: at most `limit` bytes. */
export type Shrink = (record: BusRecord, limit: number) => Uint8Array | null;

/** A part smaller than this stays: its stand-in would be no smaller. */
const SMALLEST = 128;

/**
 * Leaves out as little as is needed: in a JSON object the largest parts, innermost objects first, so that an event keeps
 * its schema, its hashes and the names of what is missing; of anything else, everything.
 */
export const shrinkContent: Shrink = ({ value }, limit) => {
  if (value === null) return null;
  const parsed = parseObject(value);
  if (parsed !== undefined) {
    for (;;) {
      const encoded = new TextEncoder().encode(JSON.stringify(parsed));
      if (encoded.length <= limit) return encoded;
      if (!leaveOutLargest(parsed)) break;
    }
  }
  return new TextEncoder().encode(JSON.stringify(leftOut(value)));
};

/** Bytes of a record as topics count them: key, value and headers. */
export function recordBytes(record: Pick<BusRecord, "key" | "value" | "headers">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers) bytes += name.length + value.length;
  return bytes;
}

type JsonObject = { [key: string]: unknown };

function parseObject(value: Uint8Array): JsonObject | undefined {
  try {
    const parsed: unknown = readJson(new TextDecoder("utf-8", { fatal: true }).decode(value));
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // Not JSON: it is left out as a whole.
    return undefined;
  }
}

/** Replaces the largest part; `false` where nothing is large enough to be worth it. */
function leaveOutLargest(object: JsonObject): boolean {
  let largest: { key: string; text: string } | undefined;
  for (const [key, part] of Object.entries(object)) {
    const text = JSON.stringify(part) ?? "";
    if (text.length > (largest?.text.length ?? SMALLEST) && !isLeftOut(part)) largest = { key, text };
  }
  if (largest === undefined) return false;
  const part = object[largest.key];
  if (isObject(part) && leaveOutLargest(part)) return true;
  object[largest.key] = leftOut(new TextEncoder().encode(largest.text));
  return true;
}

function leftOut(bytes: Uint8Array): LeftOut {
  return { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLeftOut(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 2 && typeof value.sha256 === "string" &&
    typeof value.bytes === "number";
}
