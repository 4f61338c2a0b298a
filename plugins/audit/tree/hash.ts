import { createHash, hash } from "node:crypto";

/** Bytes of a hash of the tree. */
export const HASH_BYTES = 32;

/** A node's hash: SHA-256 of a byte 1 and both children (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hashOfHex(createHash("sha256").update(NODE).update(left).update(right).digest("hex"));
}

/** Hashes nodes one after the other, in memory it keeps: `nodeHash` for many. */
export class NodeHasher {
  readonly #pair = Uint8Array.of(...NODE, ...new Uint8Array(2 * HASH_BYTES));

  /** `nodeHash` of both children, which are hashes. */
  hash(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.#pair.set(left, 1);
    this.#pair.set(right, 1 + HASH_BYTES);
    return hashOfHex(hash("sha256", this.#pair, "hex"));
  }
}

/**
 * The bytes of a hash's hexadecimal digits, which are in lower case. A digest as digits, and read so, takes a third of
 * the time of one as bytes, for which memory is made outside of the heap.
 */
export function hashOfHex(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length >> 1);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (nibble(digits.charCodeAt(2 * at)) << 4) | nibble(digits.charCodeAt(2 * at + 1));
  }
  return bytes;
}

/** Root of the tree without leaves: SHA-256 of nothing. */
export function emptyRoot(): Uint8Array {
  return createHash("sha256").digest();
}

/** Whether two hashes are the same; they are public, so time does not matter. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}

const NODE = Uint8Array.of(1);

/** Value of `0` to `9` or `a` to `f`, by its code. */
function nibble(code: number): number {
  return (code & 15) + (code >> 6) * 9;
}
