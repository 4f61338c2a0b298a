import type { Terminal, TerminalScanner } from "./scanner.ts";

const quote = 0x22;
const backslash = 0x5c;
const wanted = [0x64, 0x6f, 0x6e, 0x65]; // done

/** Lines of JSON, as Ollama streams them: terminal is the line whose outermost object has `"done": true`. */
export class NdjsonScanner implements TerminalScanner {
  state: Terminal = "open";
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The next string of the outermost object is a key. */
  #keyNext = false;
  /** Characters of the key that agree with `done`; -1 where it is another, or the string is no key. */
  #agreed = -1;
  /** The key before the colon was `done`, and its value is next. */
  #valueNext = false;

  push(chunk: Uint8Array): number {
    if (this.state === "whole") return 0;
    let hold = this.state === "open" ? -1 : 0;
    let lineAt = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.#inString) {
        this.#string(byte);
        continue;
      }
      if (byte === 0x0a) {
        if (this.state === "begun") {
          this.state = "whole";
          return hold;
        }
        // A line that isn't closed is damaged; the next one is read afresh.
        this.#depth = 0;
        this.#valueNext = false;
        lineAt = at + 1;
      } else if (this.#structure(byte) && this.state === "open") {
        this.state = "begun";
        hold = lineAt;
      }
    }
    return hold;
  }

  #string(byte: number): void {
    if (this.#escaped) {
      this.#escaped = false;
      this.#agreed = -1;
    } else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) {
      this.#inString = false;
      this.#valueNext = this.#agreed === wanted.length;
    } else if (this.#agreed >= 0) this.#agreed = byte === wanted[this.#agreed] ? this.#agreed + 1 : -1;
  }

  /** Takes a byte outside strings; true when it begins the value `true` of the outermost `done`. */
  #structure(byte: number): boolean {
    switch (byte) {
      case quote:
        this.#inString = true;
        this.#agreed = this.#depth === 1 && this.#keyNext ? 0 : -1;
        this.#keyNext = false;
        this.#valueNext = false;
        return false;
      case 0x7b: // {
      case 0x5b: // [
        this.#keyNext = ++this.#depth === 1 && byte === 0x7b;
        this.#valueNext = false;
        return false;
      case 0x7d: // }
      case 0x5d: // ]
        this.#depth--;
        return false;
      case 0x2c: // ,
        this.#keyNext = this.#depth === 1;
        this.#valueNext = false;
        return false;
      case 0x3a: // :
      case 0x20:
      case 0x09:
      case 0x0d:
        return false;
      default: {
        const done = this.#valueNext && byte === 0x74;
        this.#valueNext = false;
        return done;
      }
    }
  }
}
