import { emptyRoot, nodeHash } from "./hash.ts";
import { checkSize, splitOf, type SubtreeHashes } from "./subtrees.ts";

/** Root over the first `size` leaves (RFC 6962, section 2.1). */
export function treeRoot(hashes: SubtreeHashes, size: number): Uint8Array {
  checkSize(size);
  return size === 0 ? emptyRoot() : rangeRoot(hashes, 0, size);
}

/**
 * What shows that leaf `index` is in the tree of `size` leaves, from the leaf upwards (RFC 6962, section 2.1.1).
 * @throws {RangeError} the tree has no such leaf.
 */
export function inclusionProof(hashes: SubtreeHashes, index: number, size: number): Uint8Array[] {
  checkSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`Cannot prove leaf ${index}: the tree has ${size}`);
  }
  const path: Uint8Array[] = [];
  let [start, leaves] = [0, size];
  while (leaves > 1) {
    const split = splitOf(leaves);
    if (index < start + split) {
      path.push(rangeRoot(hashes, start + split, leaves - split));
      leaves = split;
    } else {
      path.push(rangeRoot(hashes, start, split));
      start += split;
      leaves -= split;
    }
  }
  return path.reverse();
}

/**
 * What shows that the tree of `from` leaves is the beginning of that of `size` (RFC 6962, section 2.1.2). Nothing where
 * they are one.
 * @throws {RangeError} `from` is 0, of which there is nothing to show, or more than `size`.
 */
export function consistencyProof(hashes: SubtreeHashes, from: number, size: number): Uint8Array[] {
  checkSize(from);
  checkSize(size);
  if (from === 0 || from > size) {
    throw new RangeError(`Cannot prove that ${from} leaves are the beginning of ${size}`);
  }
  if (from === size) return [];
  const path: Uint8Array[] = [];
  let [start, leaves, old] = [0, size, from];
  let known = true;
  while (old !== leaves) {
    const split = splitOf(leaves);
    if (old <= split) {
      path.push(rangeRoot(hashes, start + split, leaves - split));
      leaves = split;
    } else {
      path.push(rangeRoot(hashes, start, split));
      start += split;
      leaves -= split;
      old -= split;
      known = false;
    }
  }
  if (!known) path.push(rangeRoot(hashes, start, leaves));
  return path.reverse();
}

/** Root over `leaves` leaves from `start` on, which is a multiple of the smallest power of two not below `leaves`. */
function rangeRoot(hashes: SubtreeHashes, start: number, leaves: number): Uint8Array {
  const level = Math.round(Math.log2(leaves));
  if (2 ** level === leaves) return hashes({ level, number: start / leaves });
  const split = splitOf(leaves);
  return nodeHash(rangeRoot(hashes, start, split), rangeRoot(hashes, start + split, leaves - split));
}
