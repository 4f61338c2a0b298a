import { OutputClosed } from "./exit.ts";

/** One of the program's outputs. */
export interface Sink {
  /**
   * Resolves when the text is written.
   * @throws {OutputClosed} the other end of the pipe is gone.
   */
  write(text: string): Promise<void>;
  readonly isTerminal: boolean;
  /** Colours are wanted: a terminal, and NO_COLOR is not set. */
  readonly colours: boolean;
  /** Characters in a line of the terminal; 80 where it is none. */
  readonly columns: number;
}

/** What a command has of the world outside. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: { stream(): ReadableStream<Uint8Array>; readonly isTerminal: boolean };
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory, absolute. */
  readonly cwd: string;
}

interface Writable {
  write(bytes: Uint8Array): Promise<number>;
  isTerminal(): boolean;
}

function sink(target: Writable): Sink {
  const isTerminal = target.isTerminal();
  const noColour = (Deno.env.get("NO_COLOR") ?? "") !== "" || Deno.env.get("TERM") === "dumb";
  return {
    isTerminal,
    colours: isTerminal && !noColour,
    get columns() {
      if (!isTerminal) return 80;
      try {
        return Deno.consoleSize().columns;
      } catch {
        return 80; // a terminal that does not tell its size
      }
    },
    async write(text) {
      let bytes = new TextEncoder().encode(text);
      while (bytes.length > 0) {
        try {
          bytes = bytes.subarray(await target.write(bytes));
        } catch (cause) {
          if (!(cause instanceof Deno.errors.BrokenPipe)) throw cause;
          throw new OutputClosed("Cannot write: the reader of this output has gone", { cause });
        }
      }
    },
  };
}

/** The process's own standard streams and environment. */
export function processIo(): Io {
  return {
    stdout: sink(Deno.stdout),
    stderr: sink(Deno.stderr),
    stdin: {
      stream: () => Deno.stdin.readable,
      isTerminal: Deno.stdin.isTerminal(),
    },
    env: Deno.env.toObject(),
    cwd: Deno.cwd(),
  };
}
