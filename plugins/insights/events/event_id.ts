import { createHash } from "node:crypto";

/**
 * The id of a derived event: the same parts give the same id, so that a replay gives the same events. The first 128
 * bits of SHA-256 over the parts as a JSON array.
 */
export function derivedId(...parts: readonly (string | number)[]): string {
  return `evt-${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)}`;
}
