import { Buffer } from "node:buffer";
import { connectionNames, isHopByHop } from "./hop_by_hop.ts";
import type { AnswerController } from "./upstream.ts";
import { keepHeader, storedResponseNames } from "./stored_headers.ts";

/** Bytes decoded at once at most: slices of a text keep all of it. */
const LONGEST_PIECE = 4_096;

/** A response's headers, sorted out in one pass. */
export interface ResponseHead {
  /** What goes to the client: name, value, name, value …; order, case and repeats as they came. */
  forward: string[];
  /** What the row keeps. Names in lower case. */
  stored: Record<string, string>;
  /** The declared length; absent for chunked bodies and those that end with the connection. */
  contentLength?: number;
}

/** Reads undici's raw headers or trailers; bytes become one character each, as node:http writes them. */
export function readResponseHead(raw: AnswerController["rawHeaders"]): ResponseHead {
  const texts = Array.isArray(raw) ? textsOf(raw) : [];
  const named = connectionNames(texts);
  const head: ResponseHead = { forward: [], stored: {} };
  for (let at = 0; at < texts.length; at += 2) {
    const name = texts[at]!.toLowerCase();
    const value = texts[at + 1]!;
    if (isHopByHop(name) || named?.has(name)) continue;
    if (name === "content-length") head.contentLength = Number(value);
    head.forward.push(texts[at]!, value);
    if (storedResponseNames.has(name)) keepHeader(head.stored, name, value);
  }
  return head;
}

/** All at once where they lie in one piece of memory, as they mostly do: each by itself takes several times as long. */
function textsOf(raw: readonly (Uint8Array | string)[]): string[] {
  const first = raw[0];
  const last = raw[raw.length - 1];
  if (!(first instanceof Uint8Array) || !(last instanceof Uint8Array)) return raw.map(latin1);
  const { buffer, byteOffset: from } = first;
  const to = last.byteOffset + last.length;
  if (last.buffer !== buffer || to < from || to - from > LONGEST_PIECE) return raw.map(latin1);
  const whole = Buffer.from(buffer, from, to - from).toString("latin1");
  return raw.map((part) => {
    const at = part instanceof Uint8Array && part.buffer === buffer ? part.byteOffset - from : -1;
    return at >= 0 && at + part.length <= whole.length ? whole.slice(at, at + part.length) : latin1(part);
  });
}

/** One character a byte, as node:http has header text. */
export function latin1(bytes: Uint8Array | string): string {
  if (typeof bytes === "string") return bytes;
  return (bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    .toString("latin1");
}
