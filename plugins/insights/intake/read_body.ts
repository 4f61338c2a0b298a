import { readJson } from "capstan/json";
import { Refusal } from "./refusal.ts";

/** How requests are read. */
export interface BodyLimits {
  /** Bytes of a body at most. */
  readonly maxBytes: number;
  /** Items of a body at most. */
  readonly maxItems: number;
}

/** Items of a body, and whether it was a list. */
export interface Items {
  items: unknown[];
  list: boolean;
}

const NDJSON = /^application\/(x-)?(ndjson|jsonl|jsonlines)\b/i;
const JSON_TYPES = /^(application\/([a-z.-]+\+)?json|text\/json)\b/i;

/**
 * Reads a body of one JSON value, of a JSON array, or of lines of JSON (`application/x-ndjson`).
 * @throws {Refusal} it is too large, no UTF-8, no JSON, or empty.
 */
export async function readItems(request: Request, limits: BodyLimits): Promise<Items> {
  const type = request.headers.get("content-type") ?? "application/json";
  const lines = NDJSON.test(type);
  if (!lines && !JSON_TYPES.test(type)) {
    throw new Refusal(415, `Content-Type ${type} is not read; send application/json or application/x-ndjson`);
  }
  const text = decode(await readBytes(request, limits.maxBytes));
  const { items, list } = lines ? { items: parseLines(text), list: true } : parseJson(text);
  if (items.length === 0) throw new Refusal(400, "The body holds no item; send at least one");
  if (items.length > limits.maxItems) {
    throw new Refusal(413, `The body holds ${items.length} items; send ${limits.maxItems} at most`);
  }
  return { items, list };
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () => new Refusal(413, `The body is over ${maxBytes} bytes; send it in parts`);
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > maxBytes) throw tooLarge();
  // HTTP lets no body be longer than it says.
  if (length !== null) return new Uint8Array(await request.arrayBuffer());
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    parts.push(part);
  }
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Keeps nothing between two calls. */
const strict = new TextDecoder("utf-8", { fatal: true });

function decode(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch (cause) {
    throw new Refusal(400, "The body is no UTF-8", [], { cause });
  }
}

function parseJson(text: string): Items {
  try {
    const value: unknown = readJson(text);
    return Array.isArray(value) ? { items: value, list: true } : { items: [value], list: false };
  } catch (cause) {
    throw new Refusal(400, `The body is no JSON: ${messageOf(cause)}`, [], { cause });
  }
}

function parseLines(text: string): unknown[] {
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    try {
      return [readJson(line) as unknown];
    } catch (cause) {
      throw new Refusal(400, `Line ${at + 1} of the body is no JSON: ${messageOf(cause)}`, [], { cause });
    }
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
