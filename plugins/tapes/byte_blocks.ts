/** Bytes of a block, and the most of it that one value gets. */
const blockBytes = 65_536;
const largestShare = 16_384;

/**
 * Memory for short-lived values, many from one block: an array of its own for each costs the allocator and the garbage
 * collector more than filling it does. Who keeps a value for long copies it, as it holds its whole block.
 */
export class ByteBlocks {
  #block = new Uint8Array(0);
  #end = 0;

  /** Has `write` fill memory of `most` bytes from its start; gives as many of them as it says it has filled. */
  fill(most: number, write: (memory: Uint8Array) => number): Uint8Array {
    if (most > largestShare) return fillOwn(most, write);
    if (this.#end + most > this.#block.length) {
      this.#block = new Uint8Array(blockBytes);
      this.#end = 0;
    }
    const memory = this.#block.subarray(this.#end, this.#end + most);
    const length = write(memory);
    this.#end += length;
    return memory.subarray(0, length);
  }
}

/** The same with memory of the value's own. */
export function fillOwn(most: number, write: (memory: Uint8Array) => number): Uint8Array {
  const memory = new Uint8Array(most);
  return memory.subarray(0, write(memory));
}
