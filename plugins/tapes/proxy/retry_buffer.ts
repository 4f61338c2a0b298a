/** A call that waits for the store. */
export interface KeptCall {
  /** As `encodeCall` made it. */
  value: Uint8Array;
  /** For counting. */
  outcome: string;
}

/** Calls the store did not take, in order, within a limit of bytes. */
export class RetryBuffer {
  #calls: KeptCall[] = [];
  #bytes = 0;
  readonly #limit: number;

  /** `limit` is in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls that wait. */
  get size(): number {
    return this.#calls.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a call behind the others, or returns false: with `reserved` bytes held elsewhere the limit is reached. */
  push(call: KeptCall, reserved: number): boolean {
    if (this.#bytes + reserved + call.value.length > this.#limit) return false;
    this.#calls.push(call);
    this.#bytes += call.value.length;
    return true;
  }

  /** The oldest calls, which stay. */
  peek(max: number): readonly KeptCall[] {
    return this.#calls.slice(0, max);
  }

  /** Removes calls. */
  remove(done: ReadonlySet<KeptCall>): void {
    this.#calls = this.#calls.filter((call) => !done.has(call));
    this.#bytes = this.#calls.reduce((sum, call) => sum + call.value.length, 0);
  }
}
