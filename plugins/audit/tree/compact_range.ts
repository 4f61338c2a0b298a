import { emptyRoot, HASH_BYTES, NodeHasher } from "./hash.ts";
import { frontierOf, type Subtree } from "./subtrees.ts";

/**
 * The right edge of a growing tree: enough to add leaves and know the root, in a hash for each bit of its size.
 */
export class CompactRange {
  #size = 0;
  #hashes: Uint8Array[] = [];
  readonly #nodes = new NodeHasher();

  /**
   * Goes on behind `size` leaves, with the hashes of `frontierOf(size)` in their order.
   * @throws {RangeError} there are more or fewer hashes than that, or one is none.
   */
  static from(size: number, hashes: readonly Uint8Array[]): CompactRange {
    const wanted = frontierOf(size).length;
    if (hashes.length !== wanted || hashes.some((hash) => hash.length !== HASH_BYTES)) {
      throw new RangeError(
        `Cannot go on behind ${size} leaves: their subtrees have ${wanted} hashes of ${HASH_BYTES} bytes, not these ${hashes.length}`,
      );
    }
    const range = new CompactRange();
    range.#size = size;
    range.#hashes = [...hashes];
    return range;
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Hashes of `frontierOf(size)`, in its order. */
  get hashes(): readonly Uint8Array[] {
    return this.#hashes;
  }

  /** Adds a leaf, and tells of each subtree that is whole by it: the leaf first, then upwards. */
  append(leaf: Uint8Array, whole?: (subtree: Subtree, hash: Uint8Array) => void): void {
    let hash = leaf;
    let number = this.#size;
    let level = 0;
    whole?.({ level, number }, hash);
    while (number % 2 === 1) {
      const left = this.#hashes.pop();
      if (!left) throw new RangeError(`Cannot add leaf ${this.#size}: the subtree to its left is not there`);
      hash = this.#nodes.hash(left, hash);
      number = (number - 1) / 2;
      level++;
      whole?.({ level, number }, hash);
    }
    this.#hashes.push(hash);
    this.#size++;
  }

  /** Root of the tree so far. */
  root(): Uint8Array {
    if (this.#hashes.length === 0) return emptyRoot();
    return this.#hashes.reduceRight((right, left) => this.#nodes.hash(left, right));
  }
}
