/** A line and its place in the input, from 1. */
export interface Line {
  number: number;
  text: string;
}

/** How lines are read. */
export interface ReadLinesOptions {
  /** Lines in a lot at most. */
  max: number;
  /** Characters in a line at most; guards the memory against input that has no lines. */
  maxLength: number;
  signal: AbortSignal;
}

/**
 * Lines of a byte stream, in lots of those that are there at once. A last line needs no newline; `\r\n` counts as one.
 * Empty lines are left out, but counted.
 * @throws {Error} a line is longer than `maxLength`.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  options: ReadLinesOptions,
): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  const cancel = () => void reader.cancel().catch(() => {}); // read() then gives done
  options.signal.addEventListener("abort", cancel, { once: true });
  let begun: string[] = [];
  let begunLength = 0;
  let number = 0;
  try {
    while (true) {
      const { done, value } = await reader.read();
      const pieces = (done ? decoder.decode() : decoder.decode(value, { stream: true })).split("\n");
      const rest = pieces.pop() ?? "";
      const lines: Line[] = [];
      const add = (piece: string) => {
        const whole = begun.length === 0 ? piece : begun.join("") + piece;
        begun = [];
        begunLength = 0;
        number++;
        const text = whole.endsWith("\r") ? whole.slice(0, -1) : whole;
        if (text !== "") lines.push({ number, text });
      };
      for (const piece of pieces) add(piece);
      if (rest !== "") begun.push(rest);
      begunLength += rest.length;
      if (begunLength > options.maxLength) {
        throw new Error(`Cannot read line ${number + 1}: it is longer than ${options.maxLength} characters`);
      }
      if (done && begun.length > 0) add("");
      for (let at = 0; at < lines.length; at += options.max) yield lines.slice(at, at + options.max);
      if (done) return;
    }
  } finally {
    options.signal.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}
