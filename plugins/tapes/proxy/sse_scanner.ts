import { Buffer } from "node:buffer";
import type { Terminal, TerminalScanner } from "./scanner.ts";

const lf = 10;
const cr = 13;
/** Buffer's own takes twice as long. */
const indexOf = Uint8Array.prototype.indexOf;
/** Characters from a line's start that decide what it is. */
const decisive = 64;
const names = "(?:message_stop|response\\.(?:completed|failed|incomplete))";
const terminalLine = new RegExp(
  `^(?:data:\\s*(?:\\[DONE\\]|\\{\\s*"type"\\s*:\\s*"${names}")|event:[ \\t]*${names}[ \\t]*[\\r\\n])`,
);

/** Server-sent events: `data: [DONE]`, `message_stop`, `response.completed`, `response.failed`, `response.incomplete`. */
export class SseScanner implements TerminalScanner {
  state: Terminal = "open";
  /** The start of the line under way, as far as it came in earlier chunks. */
  #prefix = "";
  /** Bytes of the line under way in earlier chunks, its CR not counted. */
  #lineBytes = 0;

  push(chunk: Uint8Array): number {
    let hold = this.state === "open" ? -1 : 0;
    let lineAt = 0;
    while (lineAt < chunk.length) {
      const newline = chunk[lineAt] === lf ? lineAt : indexOf.call(chunk, lf, lineAt);
      const end = newline < 0 ? chunk.length : newline + 1;
      if (this.state === "open" && this.#isTerminal(chunk, lineAt, end)) {
        this.state = "begun";
        hold = lineAt;
      }
      this.#lineBytes += contentBytes(chunk, lineAt, end);
      if (newline < 0) break;
      if (this.state === "begun" && this.#lineBytes === 0) this.state = "whole";
      this.#lineBytes = 0;
      this.#prefix = "";
      lineAt = end;
    }
    return hold;
  }

  #isTerminal(chunk: Uint8Array, from: number, end: number): boolean {
    const missing = decisive - this.#prefix.length;
    if (missing <= 0) return false;
    if (this.#prefix === "" && isPlain(chunk, from)) {
      // Nothing that follows on this line can matter.
      this.#prefix = plainLine;
      return false;
    }
    const part = Buffer.from(chunk.buffer, chunk.byteOffset + from, Math.min(end - from, missing));
    this.#prefix += part.toString("latin1");
    return terminalLine.test(this.#prefix);
  }
}

/** A prefix that asks for no more. */
const plainLine = "x".repeat(decisive);

/** Most lines are told by a few bytes: `{"id"…` and the like can't be terminal. Unsure is false. */
function isPlain(chunk: Uint8Array, from: number): boolean {
  const first = chunk[from];
  if (first !== 0x64 && first !== 0x65) return true; // d, e
  if (first === 0x65) return false;
  const at = from + (chunk[from + 5] === 0x20 ? 6 : 5);
  // {" and not t: the first key is not "type".
  return chunk[at] === 0x7b && chunk[at + 1] === 0x22 && chunk[at + 2] !== 0x74;
}

/** Bytes of a line's piece without its line end. A CR may come in an earlier chunk than its LF. */
function contentBytes(chunk: Uint8Array, from: number, end: number): number {
  let last = end;
  if (chunk[last - 1] === lf) last--;
  if (last > from && chunk[last - 1] === cr) last--;
  return last - from;
}
