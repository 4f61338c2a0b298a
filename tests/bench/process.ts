import { TextLineStream } from "./text_line_stream.ts";

/** A program under measurement, with its CPU time and memory as the kernel counts them. */
export interface Measured extends AsyncDisposable {
  pid: number;
  /** The port it said it listens on, or the one it was told. */
  port: number;
}

/** Seconds of CPU (user and system) the process has used, and its largest resident memory in bytes; Linux only. */
export function usage(pid: number): { cpuSeconds: number; peakBytes: number } {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
  return { cpuSeconds: (Number(stat[11]) + Number(stat[12])) / 100, peakBytes: peak * 1024 };
}

/**
 * Starts a program and waits until `ready` answers with its port: by a line it prints, or by the port answering.
 * @throws {Error} it ended or said nothing within a minute.
 */
export async function start(
  command: string[],
  options: { env?: Record<string, string>; ready: { line: RegExp } | { port: number } },
): Promise<Measured> {
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said: string[] = [];
  let found: (port: number) => void = () => {};
  const port = new Promise<number>((resolve) => found = resolve);
  const listen = async (stream: ReadableStream<Uint8Array>) => {
    for await (const line of stream.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      if (said.length < 200) said.push(line);
      if ("line" in options.ready) {
        const match = options.ready.line.exec(line);
        if (match) found(Number(match[1]));
      }
    }
  };
  const reading = Promise.all([listen(child.stdout), listen(child.stderr)]);
  if ("port" in options.ready) answering(options.ready.port).then(found);
  const ended = child.status.then((status) => {
    throw new Error(`Cannot start ${command.join(" ")}: it ended with ${status.code}\n${said.join("\n")}`);
  });
  const late = new AbortController();
  const deadline = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`Cannot start ${command.join(" ")}: not ready\n${said.join("\n")}`)),
      60_000,
    );
    late.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  const ready = await Promise.race([port, ended, deadline]);
  late.abort();
  ended.catch(() => {});
  return {
    pid: child.pid,
    port: ready,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // It ended by itself.
      }
      await child.status;
      await reading;
    },
  };
}

/** A free port of the loopback interface. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

async function answering(port: number): Promise<number> {
  for (;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return port;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
