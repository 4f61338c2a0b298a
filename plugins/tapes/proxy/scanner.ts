/** What a scanner has seen so far. */
export type Terminal =
  /** The answer goes on. */
  | "open"
  /** The terminal event has begun. */
  | "begun"
  /** The terminal event is whole. */
  | "whole";

/**
 * Finds the terminal event of a streamed answer in chunks split anywhere. It looks at the starts of lines (SSE) or at
 * keys of the outermost object (NDJSON), which no content of an answer can forge.
 */
export interface TerminalScanner {
  /**
   * Takes the next chunk. Returns where in it the terminal event's bytes begin (0 where it began in an earlier
   * chunk), or -1 while there is none.
   */
  push(chunk: Uint8Array): number;
  readonly state: Terminal;
}
