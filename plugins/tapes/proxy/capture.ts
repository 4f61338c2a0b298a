import type { NotCaptured } from "../call.ts";
import { ByteList } from "./byte_list.ts";
import type { CaptureBudget } from "./capture_budget.ts";

/** The bytes of one call, kept as long as limits allow. */
export class Capture {
  /** Bytes forwarded, whether kept or not. */
  requestBytes = 0;
  responseBytes = 0;
  /** Why the bytes are not kept. */
  notCaptured: NotCaptured | undefined;
  #request = new ByteList();
  #response = new ByteList();
  #held = 0;
  readonly #budget: CaptureBudget;
  readonly #limit: number;

  /** `limit` is in bytes, for request and response together. */
  constructor(budget: CaptureBudget, limit: number) {
    this.#budget = budget;
    this.#limit = limit;
  }

  /** Kept parts of the request, in order. */
  get request(): readonly Uint8Array[] {
    return this.#request.parts;
  }

  /** Kept parts of the response, in order. */
  get response(): readonly Uint8Array[] {
    return this.#response.parts;
  }

  /** Counts and keeps a part of the request. The bytes must not change any more. */
  addRequest(part: Uint8Array): void {
    this.requestBytes += part.length;
    if (this.#keep(part.length)) this.#request.push(part);
  }

  /** Counts and keeps a part of the response. The bytes must not change any more. */
  addResponse(part: Uint8Array): void {
    this.responseBytes += part.length;
    if (this.#keep(part.length)) this.#response.push(part);
  }

  /** Drops what is kept and gives its memory back. The figures stay. */
  release(): void {
    if (this.#held === 0) return;
    this.#request = new ByteList();
    this.#response = new ByteList();
    this.#budget.give(this.#held);
    this.#held = 0;
  }

  /** Keeps no bytes from here on, and says why. */
  refuse(reason: NotCaptured): void {
    this.notCaptured ??= reason;
    this.release();
  }

  #keep(bytes: number): boolean {
    if (this.notCaptured) return false;
    if (this.#held + bytes > this.#limit) this.refuse("over-capture-limit");
    else if (!this.#budget.take(bytes)) this.refuse("over-capture-memory");
    else {
      this.#held += bytes;
      return true;
    }
    return false;
  }
}
