import { Buffer } from "node:buffer";

/** A line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line feed. */
  readonly bytes: Uint8Array;
  /** Whether a line feed ends it. */
  readonly whole: boolean;
}

/** Longest line; a longer one is given out in pieces that are not whole. */
const LONGEST = 64 * 1024 * 1024;
const FEED = 0x0a;

/** Lines of bytes as they come. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  for await (const piece of chunks) {
    // A plain array's search is the engine's own, a Buffer's is not.
    const chunk = new Uint8Array(piece.buffer, piece.byteOffset, piece.length);
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(FEED, from);
      if (at < 0) break;
      const found = chunk.subarray(from, at);
      const bytes = rest.length === 0 ? found : Buffer.concat([...rest, found]);
      yield { number: number++, bytes, whole: true };
      rest = [];
      length = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from));
      length += chunk.length - from;
    }
    if (length > LONGEST) {
      yield { number: number++, bytes: Buffer.concat(rest), whole: false };
      rest = [];
      length = 0;
    }
  }
  if (length > 0) yield { number, bytes: Buffer.concat(rest), whole: false };
}
