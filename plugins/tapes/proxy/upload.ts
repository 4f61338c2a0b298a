import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/** Bodies up to this many bytes are sent on in one piece, which is cheaper than a stream. */
export const wholeBodyLimit = 65_536;

/** Calls `done` with the whole body of a request; never, where the client leaves before its end. */
export function collectBody(request: IncomingMessage, done: (body: Buffer) => void): void {
  // Let go of at the end: node:http keeps a request, and with it its listeners, longer than it needs it.
  let call: { parts: Buffer[]; done: (body: Buffer) => void } | undefined = { parts: [], done };
  request.on("data", (part: Buffer) => call?.parts.push(part));
  request.on("end", () => {
    const { parts = [], done } = call ?? {};
    call = undefined;
    done?.(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
  });
}

/** A request's body on its way up, read no faster than the upstream takes it. */
export class Upload extends Readable {
  readonly #request: IncomingMessage;

  /** `seen` is given each part as it goes up. */
  constructor(request: IncomingMessage, seen: (part: Buffer) => void) {
    super({ highWaterMark: wholeBodyLimit });
    this.#request = request;
    // undici listens too; this one is for an upload that it never began to read.
    this.on("error", () => {});
    request.on("data", (part: Buffer) => {
      if (this.destroyed) return;
      seen(part);
      if (!this.push(part)) request.pause();
    });
    request.on("end", () => {
      if (!this.destroyed) this.push(null);
    });
    request.pause();
  }

  override _read(): void {
    this.#request.resume();
  }

  /** The upstream wants no more: what the client still sends is read and dropped, so that its connection goes on. */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#request.resume();
    callback(error);
  }
}
