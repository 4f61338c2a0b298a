import { Buffer } from "node:buffer";
import type { ServerResponse } from "node:http";

const nothing = Buffer.alloc(0);

/** The client's side of a call: what goes out, what is held back, and how it ends. */
export class ClientAnswer {
  readonly #response: ServerResponse;
  readonly #drained: () => void;
  #draining = false;
  /** Known but not yet on the wire, so that it goes out in one piece with the first bytes. */
  #head: { status: number; text: string | undefined; headers: string[] } | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** The client can tell an end from a cut: by a length or by chunks. */
  #framed = true;

  /** `drained` is called when bytes may be sent again after `write` or `release` asked to wait. */
  constructor(response: ServerResponse, drained = () => {}) {
    this.#response = response;
    this.#drained = drained;
    response.sendDate = false;
    // A broken connection also shows as `close`, which is where it is dealt with.
    response.on("error", () => {});
  }

  /** Bytes held back. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** The head is on the wire. */
  get headSent(): boolean {
    return this.#response.headersSent;
  }

  /** Passes on a 1xx response. */
  informational(status: number, text: string, headers: readonly string[]): void {
    const socket = this.#response.socket;
    if (!socket || this.headSent || this.#response.req.httpVersion === "1.0") return;
    let head = `HTTP/1.1 ${status} ${text}\r\n`;
    for (let at = 0; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
    socket.write(`${head}\r\n`, "latin1");
  }

  /** Takes the head; it goes out with the first bytes, or by `flush`. */
  start(status: number, text: string | undefined, headers: string[]): void {
    this.#head = { status, text: text !== undefined && isPlain(text) ? text : undefined, headers };
    this.#framed = this.#response.req.httpVersion !== "1.0" ||
      headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === "content-length");
  }

  /** Sends the head alone where nothing has sent it yet. */
  flush(): void {
    // Not flushHeaders: that writes the head as UTF-8, and header bytes are one character each.
    if (this.#head) this.write(nothing);
  }

  /** Sends bytes. False asks to wait for `drain`. */
  write(part: Uint8Array): boolean {
    this.#writeHead();
    const flowing = this.#response.write(part);
    if (!flowing && !this.#draining) {
      // Most answers never need it.
      this.#draining = true;
      this.#response.on("drain", this.#drained);
    }
    return flowing;
  }

  /** Keeps bytes for `release`. */
  hold(part: Uint8Array): void {
    this.#held.push(part);
    this.#heldBytes += part.length;
  }

  /** Sends what is held. False asks to wait for `drain`. */
  release(): boolean {
    let flowing = true;
    const held = this.#held;
    this.#drop();
    for (const part of held) flowing = this.write(part);
    return flowing;
  }

  /** Sends what is held and ends the answer, with trailers where its framing has room for them. */
  end(trailers: readonly string[] = []): void {
    const last = this.#held.pop();
    this.release();
    this.#writeHead();
    if (trailers.length > 0 && this.#response.chunkedEncoding) this.#response.addTrailers(pairs(trailers));
    if (last) this.#response.end(last);
    else this.#response.end();
  }

  /** Ends the connection without ending the answer, after what was sent before. What is held is dropped. */
  cut(): void {
    this.#drop();
    const socket = this.#response.socket;
    if (!socket || !this.headSent) this.#response.destroy();
    else if (this.#framed) socket.destroySoon();
    else socket.resetAndDestroy();
  }

  /** Answers with an error of the proxy's own, or cuts where another answer has begun. */
  fail(status: number, error: { type: string; message: string }): void {
    this.#drop();
    if (this.headSent) return this.cut();
    const body = Buffer.from(JSON.stringify({ error }));
    this.#head = {
      status,
      text: undefined,
      headers: ["Content-Type", "application/json", "Content-Length", String(body.length)],
    };
    this.#writeHead();
    this.#response.end(body);
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #writeHead(): void {
    if (!this.#head) return;
    const { status, text, headers } = this.#head;
    this.#head = undefined;
    if (text === undefined) this.#response.writeHead(status, headers);
    else this.#response.writeHead(status, text, headers);
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at]!, flat[2 * at + 1]!]);
}

/** Characters that a status line can carry. */
function isPlain(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text);
}
