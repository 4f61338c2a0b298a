import { HASH_BYTES, nodeHash, sameHash } from "./hash.ts";

/** A leaf and where it is said to be. */
export interface InclusionClaim {
  /** The leaf's hash. */
  readonly leaf: Uint8Array;
  /** Its place, from 0. */
  readonly index: number;
  /** Leaves of the tree. */
  readonly size: number;
  /** Root of that tree. */
  readonly root: Uint8Array;
  /** As `inclusionProof` gives it. */
  readonly proof: readonly Uint8Array[];
}

/** Two trees, the first of which is said to be the beginning of the second. */
export interface ConsistencyClaim {
  /** Leaves of the first. */
  readonly from: number;
  /** Root of the first. */
  readonly fromRoot: Uint8Array;
  /** Leaves of the second. */
  readonly size: number;
  /** Root of the second. */
  readonly root: Uint8Array;
  /** As `consistencyProof` gives it. */
  readonly proof: readonly Uint8Array[];
}

/** Whether the proof shows that the leaf is in the tree (RFC 9162, section 2.1.3.2). */
export function includes({ leaf, index, size, root, proof }: InclusionClaim): boolean {
  if (!sizes(index, size) || index >= size || !hashes([leaf, root, ...proof])) return false;
  let [at, last, found] = [index, size - 1, leaf];
  for (const hash of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      found = nodeHash(hash, found);
      [at, last] = whileEven(at, last);
    } else found = nodeHash(found, hash);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(found, root);
}

/**
 * Whether the proof shows that the first tree is the beginning of the second (RFC 9162, section 2.1.4.2). Of the empty
 * tree there is nothing to show, so that is false.
 */
export function isBeginning({ from, fromRoot, size, root, proof }: ConsistencyClaim): boolean {
  if (!sizes(from, size) || from === 0 || from > size) return false;
  if (from === size) return proof.length === 0 && sameHash(fromRoot, root);
  if (!hashes([fromRoot, root, ...proof])) return false;
  const path = 2 ** Math.round(Math.log2(from)) === from ? [fromRoot, ...proof] : [...proof];
  let [at, last] = [from - 1, size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  const first = path.shift();
  if (!first) return false;
  let [old, found] = [first, first];
  for (const hash of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      old = nodeHash(hash, old);
      found = nodeHash(hash, found);
      [at, last] = whileEven(at, last);
    } else found = nodeHash(found, hash);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(old, fromRoot) && sameHash(found, root);
}

/** Goes up while the place has no left neighbour. */
function whileEven(at: number, last: number): [number, number] {
  while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
  return [at, last];
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function sizes(...values: readonly number[]): boolean {
  return values.every((value) => Number.isSafeInteger(value) && value >= 0);
}

function hashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === HASH_BYTES);
}
