import { bodyLimit } from "hono/body-limit";
import type { MiddlewareHandler } from "hono";
import { readJson } from "capstan/json";
import { Refusal } from "./refusal.ts";

/** How much one request may hold. */
export interface BodyLimits {
  /** Bytes. */
  readonly maxBytes: number;
  /** Entries. */
  readonly maxItems: number;
}

const LINES = /^application\/(x-)?(ndjson|jsonl)\b/i;
const JSON_TYPE = /^application\/json\b/i;

/** Refuses bodies that are too large, whether they say so or not. */
export function limitBody({ maxBytes }: BodyLimits): MiddlewareHandler {
  const onError = () => {
    throw new Refusal(413, `The body is over ${maxBytes} bytes; send it in parts`);
  };
  return bodyLimit({ maxSize: maxBytes, onError });
}

/**
 * Reads a body of one JSON value, a list, or lines of JSON; `list` says which.
 * @throws {Refusal} it is no such thing, or holds nothing, or too much.
 */
export async function readItems(
  request: Request,
  limits: BodyLimits,
): Promise<{ items: unknown[]; list: boolean }> {
  const type = request.headers.get("content-type") ?? "application/json";
  const lines = LINES.test(type);
  if (!lines && !JSON_TYPE.test(type)) {
    throw new Refusal(415, `Content-Type ${type} is not read; send application/json or application/x-ndjson`);
  }
  const text = await request.text();
  const value = lines ? parseLines(text) : parse(text, "The body");
  const list = Array.isArray(value);
  const items: unknown[] = list ? value : [value];
  if (items.length === 0) throw new Refusal(400, "The body holds no entry; send at least one");
  if (items.length <= limits.maxItems) return { items, list };
  throw new Refusal(413, `The body holds ${items.length} entries; send ${limits.maxItems} at most`);
}

/**
 * Reads lines of JSON; empty ones are passed over.
 * @throws {Refusal} a line is no JSON; says which.
 */
export function parseLines(text: string): unknown[] {
  return text.split("\n").flatMap((line, at) => line.trim() === "" ? [] : [parse(line, `Line ${at + 1}`)]);
}

function parse(text: string, what: string): unknown {
  try {
    return readJson(text);
  } catch (cause) {
    throw new Refusal(400, `${what} is no JSON: ${cause instanceof Error ? cause.message : cause}`, [], {
      cause,
    });
  }
}
