import type { RoundRequest, RoundResult } from "./kafka_sides/rounds.ts";
import { TextLineStream } from "./text_line_stream.ts";

/** Someone who does the work: ours, the raw client, or a library of others. */
export interface Side {
  name: string;
  /** `raw` is the bar that ours is held against, the best of them where there are several. */
  kind: "ours" | "raw" | "peer";
  /** Program and arguments; the broker's address comes behind the program's name. */
  command(bootstrap: string): string[];
  /** Part of a round's records it is given; slow peers get fewer. Default 1. */
  share?: number;
}

/** A side of this project or the raw client: `kafka_sides/FILE.ts`, working in a certain way. */
export function denoSide(side: Omit<Side, "command">, file: string, way = ""): Side {
  const program = new URL(`./kafka_sides/${file}.ts`, import.meta.url).pathname;
  return {
    ...side,
    command: (bootstrap) => [Deno.execPath(), "run", "--allow-all", "--quiet", program, bootstrap, way],
  };
}

/** A side that runs, and is asked for rounds one after the other. */
export class RunningSide implements AsyncDisposable {
  readonly side: Side;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #said: Promise<string>;

  private constructor(side: Side, child: Deno.ChildProcess) {
    this.side = side;
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())
      .getReader();
    this.#said = new Response(child.stderr).text();
  }

  /**
   * Resolves when the program is ready.
   * @throws {Error} it ended; the message has its last words.
   */
  static async start(side: Side, bootstrap: string): Promise<RunningSide> {
    const [program = "", ...args] = side.command(bootstrap);
    const child = new Deno.Command(program, {
      args,
      env: { NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const running = new RunningSide(side, child);
    await running.#line();
    return running;
  }

  /** @throws {Error} the program ended, or did not answer within two minutes. */
  async round(request: RoundRequest): Promise<RoundResult> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    return JSON.parse(await this.#line());
  }

  async #line(): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), 120_000));
    const next = await Promise.race([this.#lines.read(), late]);
    clearTimeout(timer);
    if (next?.value !== undefined) return next.value;
    await this[Symbol.asyncDispose]();
    const state = next === undefined ? "it does not answer" : "it ended";
    throw new Error(`Cannot measure ${this.side.name}: ${state}\n${(await this.#said).slice(-2_000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It ends when its input does, unless it hangs.
    await this.#writer.close().catch(() => undefined);
    const timer = setTimeout(() => {
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // It ended by itself.
      }
    }, 3_000);
    await this.#child.status;
    clearTimeout(timer);
  }
}
