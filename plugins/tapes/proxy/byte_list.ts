/** Parts up to this many bytes are copied together: a view of a few bytes would keep its whole read buffer. */
const small = 4_096;
const firstBlock = 4_096;
const largestBlock = 65_536;

/** Bytes in the order they came, in few pieces, with little memory that isn't theirs. */
export class ByteList {
  readonly #parts: Uint8Array[] = [];
  /** Holds the last piece and has room behind it. */
  #block: Uint8Array | undefined;
  #end = 0;

  /** The pieces. */
  get parts(): readonly Uint8Array[] {
    this.#seal();
    return this.#parts;
  }

  /** Adds bytes, which must not change any more. */
  push(part: Uint8Array): void {
    // A first part is mostly the only one.
    if (part.length > small || (!this.#block && this.#parts.length === 0)) {
      this.#seal();
      const tight = part.buffer.byteLength <= 2 * part.length + small;
      this.#parts.push(tight ? part : new Uint8Array(part));
      return;
    }
    if (this.#block && this.#end + part.length > this.#block.length) {
      const size = Math.min(2 * this.#block.length, largestBlock);
      this.#seal();
      this.#block = new Uint8Array(size);
    }
    this.#block ??= new Uint8Array(firstBlock);
    this.#block.set(part, this.#end);
    this.#end += part.length;
  }

  /** Makes a piece of what is in the block. */
  #seal(): void {
    if (this.#block) this.#parts.push(this.#block.subarray(0, this.#end));
    this.#block = undefined;
    this.#end = 0;
  }
}
