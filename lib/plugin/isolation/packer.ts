/** Numbers, bytes and texts on their way to another thread; the two buffers are transferred, not copied. */
export interface Packed {
  /** Figures and lengths, in the order they were written. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** All bytes, end to end. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Names that recur, each once; numbers point at them. */
  readonly texts: readonly string[];
}

/** Length that stands for "none". */
const NONE = -1;

/** What `postMessage` transfers of it. */
export function buffersOf({ numbers, bytes }: Packed): ArrayBuffer[] {
  return [numbers.buffer, bytes.buffer];
}

/** Writes what an `Unpacker` reads in the same order. */
export class Packer {
  readonly #numbers: number[] = [];
  readonly #pieces: Uint8Array[] = [];
  readonly #texts = new Map<string, number>();
  #length = 0;

  /** A figure; lengths, offsets and times fit exactly up to 2^53. */
  number(value: number): void {
    this.#numbers.push(value);
  }

  /** Bytes; they are copied once, by `finish`. */
  bytes(value: Uint8Array | null): void {
    if (value === null) {
      this.#numbers.push(NONE);
      return;
    }
    this.#numbers.push(value.length);
    this.#pieces.push(value);
    this.#length += value.length;
  }

  /** A name that is likely to recur. */
  text(value: string): void {
    let at = this.#texts.get(value);
    if (at === undefined) {
      at = this.#texts.size;
      this.#texts.set(value, at);
    }
    this.#numbers.push(at);
  }

  /** All that was written. */
  finish(): Packed {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return { numbers: Float64Array.from(this.#numbers), bytes, texts: [...this.#texts.keys()] };
  }
}

/** Reads what a `Packer` wrote. Bytes are views of the one buffer they came in. */
export class Unpacker {
  readonly #packed: Packed;
  #number = 0;
  #byte = 0;

  /** Begins at the start. */
  constructor(packed: Packed) {
    this.#packed = packed;
  }

  /** @throws {RangeError} there is no further one. */
  number(): number {
    const value = this.#packed.numbers[this.#number++];
    if (value === undefined) throw new RangeError("Cannot unpack a message: it ends early");
    return value;
  }

  /** @throws {RangeError} there are no such bytes. */
  bytes(): Uint8Array<ArrayBuffer> | null {
    const length = this.number();
    if (length === NONE) return null;
    const from = this.#byte;
    this.#byte += length;
    if (this.#byte > this.#packed.bytes.length) {
      throw new RangeError("Cannot unpack a message: it ends early");
    }
    return this.#packed.bytes.subarray(from, this.#byte);
  }

  /** @throws {RangeError} there is no such text. */
  text(): string {
    const value = this.#packed.texts[this.number()];
    if (value === undefined) throw new RangeError("Cannot unpack a message: a text is missing");
    return value;
  }
}
