import type { Buffer } from "node:buffer";

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "0\r\n\r\n";

/**
 * Tells where HTTP/1.1 messages on a socket end, and reads no more of them than that takes: client and upstream of a
 * bench must leave the cores to what is between them. A message begins with a part of its own; a body in chunks must
 * not have the bytes of the last chunk at the end of an earlier part.
 */
export class MessageReader {
  #state: "before" | "head" | "body" = "before";
  #head = "";
  #body = 0;
  /** Bytes the body still has; `undefined`: it comes in chunks. */
  #missing: number | undefined;
  /** The last bytes of a body in chunks. */
  #tail = "";

  /** The head of the message that came last, as far as it has come. */
  get head(): string {
    return this.#head;
  }

  /** Bytes of its body that have come, with the sizes of chunks. */
  get body(): number {
    return this.#body;
  }

  /** Takes what came next; whether a message ends with it. */
  push(part: Buffer): boolean {
    let bytes = part.length;
    if (this.#state !== "body") {
      const before = this.#readHead(part);
      if (before === undefined) return false;
      bytes -= before;
    }
    this.#body += bytes;
    const ends = this.#missing === undefined ? this.#endsChunks(part) : (this.#missing -= bytes) <= 0;
    if (ends) this.#state = "before";
    return ends;
  }

  /** Bytes of the part that belong to the head; `undefined` where it goes on. */
  #readHead(part: Buffer): number | undefined {
    if (this.#state === "before") {
      this.#state = "head";
      this.#head = "";
      this.#body = 0;
      this.#tail = "";
    }
    const before = this.#head.length;
    this.#head += part.toString("latin1");
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return undefined;
    const length = end + HEAD_END.length;
    this.#head = this.#head.slice(0, length);
    this.#state = "body";
    const declared = /^content-length: *(\d+)/im.exec(this.#head)?.[1];
    const inChunks = declared === undefined && /^transfer-encoding: *chunked/im.test(this.#head);
    this.#missing = inChunks ? undefined : Number(declared ?? 0);
    return length - before;
  }

  #endsChunks(part: Buffer): boolean {
    this.#tail = (this.#tail + part.toString("latin1", Math.max(0, part.length - LAST_CHUNK.length)))
      .slice(-LAST_CHUNK.length);
    return this.#tail === LAST_CHUNK;
  }
}
