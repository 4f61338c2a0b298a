import { hash } from "node:crypto";

/** Request headers in which API keys come. */
export const keyHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
]);

/**
 * What tells calls of one API key from those of another: 16 hexadecimal digits of a hash. The key can't be had from it,
 * unless it can be guessed; it is stored nowhere. `undefined` where there is none.
 */
export function keyFingerprint(header: string): string | undefined {
  const key = header.replace(/^\s*(?:bearer|basic)\s+/i, "").trim();
  return key === "" ? undefined : hash("sha256", `capstan api key\0${key}`, "hex").slice(0, 16);
}

/** Headers remembered with their fingerprints. */
const REMEMBERED = 256;

/** Fingerprints of headers that come again and again: a hash takes longer than the rest of a head. In memory alone. */
export class KeyFingerprints {
  readonly #known = new Map<string, string | undefined>();

  /** See `keyFingerprint`. */
  of(header: string): string | undefined {
    const known = this.#known.get(header);
    if (known !== undefined) return known;
    const made = keyFingerprint(header);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(header, made);
    return made;
  }
}
