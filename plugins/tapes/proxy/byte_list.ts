/** Parts up to this many bytes are copied together: a view of a few bytes would keep its whole read buffer. */
const small = 4_096;
const firstBlock = 4_096;
const largestBlock = 65_536;

/** Bytes in the order they came, in few pieces, with little memory that isn't theirs. */
export class ByteList {
  /** The pieces. */
  readonly parts: Uint8Array[] = [];
  /** Holds the last piece and has room behind it. */
  #block: Uint8Array | undefined;
  #end = 0;

  /** Adds bytes, which must not change any more. */
  push(part: Uint8Array): void {
    // A first part is mostly the only one.
    if (part.length > small || this.parts.length === 0) {
      this.#block = undefined;
      const tight = part.buffer.byteLength <= 2 * part.length + small;
      this.parts.push(tight ? part : new Uint8Array(part));
      return;
    }
    const block = this.#block;
    if (block && this.#end + part.length <= block.length) {
      block.set(part, this.#end);
      this.#end += part.length;
      this.parts[this.parts.length - 1] = block.subarray(0, this.#end);
      return;
    }
    const size = block ? Math.min(2 * block.length, largestBlock) : firstBlock;
    this.#block = new Uint8Array(size);
    this.#block.set(part);
    this.#end = part.length;
    this.parts.push(this.#block.subarray(0, part.length));
  }
}
