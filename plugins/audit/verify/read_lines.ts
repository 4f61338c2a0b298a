import { Buffer } from "node:buffer";

/** A line of a file. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its line feed. */
  readonly bytes: Uint8Array;
  /** Whether a line feed ends it. */
  readonly whole: boolean;
  /** Bytes of the file up to its end. */
  readonly end: number;
}

/** Longest line; a longer one is given out in pieces that are not whole. */
const LONGEST = 64 * 1024 * 1024;
const FEED = 0x0a;

/** Lines of bytes as they come. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let rest: Uint8Array[] = [];
  let length = 0;
  let number = 1;
  let end = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const at = chunk.indexOf(FEED, from);
      if (at < 0) break;
      const piece = chunk.subarray(from, at);
      const bytes = rest.length === 0 ? piece : Buffer.concat([...rest, piece]);
      end += piece.length + 1;
      yield { number: number++, bytes, whole: true, end };
      rest = [];
      length = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      rest.push(chunk.subarray(from));
      length += chunk.length - from;
      end += chunk.length - from;
    }
    if (length > LONGEST) {
      yield { number: number++, bytes: Buffer.concat(rest), whole: false, end };
      rest = [];
      length = 0;
    }
  }
  if (length > 0) yield { number, bytes: Buffer.concat(rest), whole: false, end };
}
