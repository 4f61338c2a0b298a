import { NdjsonScanner } from "./ndjson_scanner.ts";
import type { TerminalScanner } from "./scanner.ts";
import { SseScanner } from "./sse_scanner.ts";

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
