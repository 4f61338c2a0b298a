/** Place of a whole subtree: it covers the leaves number·2^level to (number+1)·2^level - 1. */
export interface Subtree {
  /** 0 for a leaf. */
  readonly level: number;
  /** From 0, from the left. */
  readonly number: number;
}

/** Gives the hash of a whole subtree, as `audit_tree` has it. Throws where it is not kept. */
export type SubtreeHashes = (subtree: Subtree) => Uint8Array;

/**
 * The fewest whole subtrees that cover the first `size` leaves, from the left: the largest first. As many as `size` has
 * ones in binary.
 */
export function frontierOf(size: number): Subtree[] {
  checkSize(size);
  const found: Subtree[] = [];
  let start = 0;
  for (let level = Math.floor(Math.log2(Math.max(1, size))) + 1; level >= 0; level--) {
    const leaves = 2 ** level;
    if (size - start < leaves) continue;
    found.push({ level, number: start / leaves });
    start += leaves;
  }
  return found;
}

/** The largest power of two below `size`, which is at least 2: where RFC 6962 splits a tree. */
export function splitOf(size: number): number {
  let split = 2 ** Math.floor(Math.log2(size - 1));
  while (split * 2 < size) split *= 2;
  while (split >= size) split /= 2;
  return split;
}

/** @throws {RangeError} it is no whole number from 0 to 2^53 - 1. */
export function checkSize(size: number): void {
  if (Number.isSafeInteger(size) && size >= 0) return;
  throw new RangeError(`Cannot use a tree of ${size} leaves: a size is a whole number from 0 on`);
}
