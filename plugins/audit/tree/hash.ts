import { createHash } from "node:crypto";

/** Bytes of a hash of the tree. */
export const HASH_BYTES = 32;

/** A node's hash: SHA-256 of a byte 1 and both children (RFC 6962, section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash("sha256").update(NODE).update(left).update(right).digest();
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
