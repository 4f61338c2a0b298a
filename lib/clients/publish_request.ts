import type { PublishRequest } from "../bus/handler.ts";

/** A record that a handler of a `StreamProcessor` publishes: what a plugin's handler returns, with any value. */
export interface ClientPublishRequest extends Omit<PublishRequest, "value" | "key" | "headers" | "from"> {
  /** What is sent, by the producer's serializer. */
  value: unknown;
  /** By the producer's serializer. `null` or absent: none. */
  key?: unknown;
  /** Texts are sent as UTF-8. */
  headers?: PublishHeaders | null;
  /** Milliseconds since 1970, UTC; another name of `timestamp`. Default: now. */
  timestampMs?: number | null;
}

/** Headers by name. Texts are sent as UTF-8; `null` is empty. */
export type PublishHeaders = Readonly<Record<string, string | Uint8Array | null>>;

/**
 * Whether what a handler returned is a request and no raw value: an object with a text for `topic`, with `value`, and
 * with nothing that a request does not have.
 */
export function isPublishRequest(item: unknown): item is ClientPublishRequest {
  return typeof item === "object" && item !== null && "topic" in item && typeof item.topic === "string" &&
    "value" in item && Object.keys(item).every((key) => FIELDS.has(key));
}

const FIELDS: ReadonlySet<string> = new Set(
  ["topic", "value", "key", "headers", "partition", "timestamp", "timestampMs"],
);
