import { NdjsonScanner } from "./ndjson_scanner.ts";
import { SseScanner } from "./sse_scanner.ts";

/** What a scanner has seen so far. */
export type Terminal =
  /** The answer goes on. */
  | "open"
  /** The terminal event has begun. */
  | "begun"
  /** The terminal event is whole. */
  | "whole";

/**
 * Finds the terminal event of a streamed answer in chunks split anywhere. It looks at the starts of lines (SSE) or at
 * keys of the outermost object (NDJSON), which no content of an answer can forge.
 */
export interface TerminalScanner {
  /**
   * Takes the next chunk. Returns where in it the terminal event's bytes begin (0 where it began in an earlier
   * chunk), or -1 while there is none.
   */
  push(chunk: Uint8Array): number;
  readonly state: Terminal;
}

/** A scanner for a content type, or none: not a stream, or its bytes can't be read as they are. */
export function terminalScanner(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): TerminalScanner | undefined {
  if (contentEncoding && contentEncoding.trim().toLowerCase() !== "identity") return undefined;
  const format = streamFormat(contentType);
  if (format === "sse") return new SseScanner();
  return format === "ndjson" ? new NdjsonScanner() : undefined;
}

/** How an answer of this content type is streamed, where it is. */
export function streamFormat(contentType: string | undefined): "sse" | "ndjson" | undefined {
  const type = /^[^;\s]*/.exec(contentType ?? "")![0].toLowerCase();
  if (type === "text/event-stream") return "sse";
  return /^application\/((x-)?ndjson|jsonl)$/.test(type) ? "ndjson" : undefined;
}
