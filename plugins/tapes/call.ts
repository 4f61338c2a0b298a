import { readJson } from "capstan/json";
import { type ByteBlocks, fillOwn } from "./byte_blocks.ts";

/** The topic of recorded calls: this agent's own, never relayed. One partition, in the order of their ends. */
export const CALLS_TOPIC = "tapes.calls.v1";

/** How a call ended, seen from the wire. */
export type CallOutcome =
  | "complete"
  | "client-left" // the client disconnected before the whole answer
  | "upstream-cut" // the upstream ended or broke in the middle of its answer
  | "upstream-failed" // no answer: refused, reset, timed out, TLS
  | "blocked" // on_storage_failure = "block" withheld the answer
  | "tunnelled"; // a WebSocket or other upgrade

/** Why the bytes of a call were not kept. */
export type NotCaptured = "over-capture-limit" | "over-capture-memory" | "upgrade";

/** What is known of a call beside its bytes. JSON in the row; absent keys are unknown. */
export interface CallMeta {
  v: 1;
  /** UUIDv7 of the call, made when it began. */
  id: string;
  /** Milliseconds since 1970 with fractions. */
  started_at: number;
  first_byte_at?: number;
  ended_at: number;
  method: string;
  /** Path and query as forwarded, key-like query parameters masked (`key=***`). */
  target: string;
  /** Name of the provider: `openai`, or a name of `[plugins.tapes.providers.NAME]`. */
  provider: string;
  /** Which API the provider speaks. */
  provider_type: ProviderType;
  /** Origin and base path of the upstream. */
  upstream: string;
  agent?: string;
  project?: string;
  tenant?: string;
  user?: string;
  session?: string;
  /** 16 hexadecimal digits of a hash of the API key; the key itself is nowhere. */
  api_key_fingerprint?: string;
  /** Absent when no answer came. */
  status?: number;
  /** Content-Type, Content-Encoding and ids; never credentials or cookies. Names in lower case. */
  request_headers: Record<string, string>;
  response_headers: Record<string, string>;
  outcome: CallOutcome;
  /** For a person: what failed. */
  error?: string;
  not_captured?: NotCaptured;
  /** Bytes forwarded, whether kept or not. */
  request_bytes: number;
  response_bytes: number;
}

/** APIs the parsers know. */
export type ProviderType = "openai" | "anthropic" | "ollama";

/** A recorded call: what is in one row of the calls topic. */
export interface Call {
  meta: CallMeta;
  /** As the client sent it, encodings and all; empty where not captured. */
  request: Uint8Array;
  /** As the upstream sent it, transfer framing removed; empty where not captured. */
  response: Uint8Array;
}

const encoder = new TextEncoder();

/**
 * One value: u32 length of the metadata, u32 length of the request (both big-endian), metadata as JSON, request,
 * response. The parts are copied once. With `blocks` the value shares its memory with others.
 */
export function encodeCall(
  meta: CallMeta,
  request: readonly Uint8Array[],
  response: readonly Uint8Array[],
  blocks?: ByteBlocks,
): Uint8Array {
  const json = JSON.stringify(meta);
  const requestLength = lengthOf(request);
  const most = 8 + 3 * json.length + requestLength + lengthOf(response);
  const write = (memory: Uint8Array) => {
    const head = encoder.encodeInto(json, memory.subarray(8)).written;
    putLength(memory, 0, head);
    putLength(memory, 4, requestLength);
    return putAll(memory, putAll(memory, 8 + head, request), response);
  };
  return blocks ? blocks.fill(most, write) : fillOwn(most, write);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

function putLength(memory: Uint8Array, at: number, length: number): void {
  memory[at] = length >>> 24;
  memory[at + 1] = length >>> 16;
  memory[at + 2] = length >>> 8;
  memory[at + 3] = length;
}

/** Copies parts behind each other; where they end. */
function putAll(memory: Uint8Array, at: number, parts: readonly Uint8Array[]): number {
  for (const part of parts) {
    memory.set(part, at);
    at += part.length;
  }
  return at;
}

/**
 * Reads what `encodeCall` wrote. Request and response are views into `value`.
 * @throws {TypeError} the value is not a call.
 */
export function decodeCall(value: Uint8Array): Call {
  if (value.length < 8) throw new TypeError(`Cannot decode call: ${value.length} bytes are too few`);
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const bodyAt = 8 + view.getUint32(0);
  const responseAt = bodyAt + view.getUint32(4);
  if (responseAt > value.length) {
    throw new TypeError(`Cannot decode call: it ends at byte ${value.length} of ${responseAt}`);
  }
  let meta: CallMeta;
  try {
    meta = readJson(new TextDecoder().decode(value.subarray(8, bodyAt)));
  } catch (cause) {
    throw new TypeError("Cannot decode call: its metadata is not JSON", { cause });
  }
  if (meta.v !== 1) throw new TypeError(`Cannot decode call: version ${meta.v} is unknown`);
  return { meta, request: value.subarray(bodyAt, responseAt), response: value.subarray(responseAt) };
}
