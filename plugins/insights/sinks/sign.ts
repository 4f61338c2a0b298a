import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";

/** What is signed of a post. */
export interface Signed {
  /** Id of the message; the same at each attempt. */
  id: string;
  /** When it is posted; whole seconds since 1970. */
  timestamp: number;
  body: string;
}

/**
 * The value of `webhook-signature`: HMAC-SHA-256 over id, timestamp and body, as Standard Webhooks 1.0 says. A secret that
 * begins with `whsec_` is base64, any other is taken as UTF-8.
 */
export function signature(secret: string, { id, timestamp, body }: Signed): string {
  const [, encoded] = /^whsec_(.+)$/.exec(secret) ?? [];
  const key = encoded === undefined ? Buffer.from(secret) : Buffer.from(encoded, "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}
