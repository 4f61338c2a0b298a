import { OutputClosed } from "../../../lib/cli/exit.ts";
import type { Io, Sink } from "../../../lib/cli/io.ts";

/** What a program under test said. */
export interface Said {
  out: string;
  error: string;
}

/** Standard streams held in memory. */
export function fakeIo(
  options: { stdin?: string; closedAfter?: number; env?: Record<string, string>; cwd?: string } = {},
): { io: Io; said: Said } {
  const said: Said = { out: "", error: "" };
  const sink = (key: keyof Said): Sink => ({
    isTerminal: false,
    colours: false,
    columns: 80,
    write(text) {
      if (key === "out" && options.closedAfter !== undefined && said.out.length >= options.closedAfter) {
        return Promise.reject(new OutputClosed("gone"));
      }
      said[key] += text;
      return Promise.resolve();
    },
  });
  const io: Io = {
    stdout: sink("out"),
    stderr: sink("error"),
    stdin: {
      isTerminal: false,
      stream: () => ReadableStream.from([new TextEncoder().encode(options.stdin ?? "")]),
    },
    env: options.env ?? {},
    cwd: options.cwd ?? "/nowhere",
  };
  return { io, said };
}
