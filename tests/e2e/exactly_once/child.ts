import type { AgentOptions } from "./agent.ts";

/** Milliseconds anything may take before a test fails. */
export const DEADLINE_MS = 120_000;

/** An agent in a process of its own, which may be killed. */
export class AgentProcess implements AsyncDisposable {
  /** What it has said. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #status: Promise<Deno.CommandStatus>;
  #ended: Deno.CommandStatus | undefined;
  #heard = Promise.withResolvers<void>();

  /** Starts it. */
  constructor(options: AgentOptions) {
    const script = new URL("./agent.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-check", script, JSON.stringify(options)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reading = this.#read();
    this.#status = this.#child.status.then((status) => {
      this.#ended = status;
      this.#hear();
      return status;
    });
  }

  /** Partitions it has said it has. */
  get partitions(): number[] {
    const has = new Set<number>();
    for (const line of this.lines) {
      const [word, ...partitions] = line.split(" ");
      for (const each of partitions.map(Number)) {
        if (word === "came") has.add(each);
        if (word === "went") has.delete(each);
      }
    }
    return [...has].sort();
  }

  /** Batches it has begun to handle. */
  get batches(): number {
    return this.lines.filter((line) => line.startsWith("batch ")).length;
  }

  /** Waits until it has said enough. */
  async until(what: string, holds: (agent: this) => boolean): Promise<void> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    while (!holds(this)) {
      const trouble = this.lines.find((line) => line.includes("set aside"));
      if (trouble) throw new Error(`Cannot go on: ${trouble}`);
      if (this.#ended || late.aborted) {
        const state = this.#ended ? "it has ended" : "not in time";
        throw new Error(`Cannot go on: ${what}: ${state}; it said last: ${this.lines.slice(-15).join("\n")}`);
      }
      await Promise.race([this.#heard.promise, aborted(late)]);
    }
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.#status;
    await this.#reading;
  }

  /** Waits until its own fault has killed it. */
  async killed(): Promise<void> {
    await this.#within("its fault");
    if (this.#ended?.signal !== "SIGKILL") {
      throw new Error(`Cannot go on: it was not killed: ${this.lines.at(-1)}`);
    }
  }

  /** Lets it stop in order. */
  async stop(): Promise<void> {
    await this.#child.stdin.close();
    await this.#within("its stop");
    if (this.#ended?.success !== true) {
      throw new Error(`Cannot stop it in order: ${this.lines.slice(-10).join("\n")}`);
    }
  }

  /** Kills what still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    // Closed already where it was stopped.
    await this.#child.stdin.close().catch(() => undefined);
  }

  async #within(what: string): Promise<void> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    await Promise.race([this.#status, aborted(late)]);
    if (!this.#ended) {
      throw new Error(
        `Cannot go on: ${what}: not in time; it said last: ${this.lines.slice(-15).join("\n")}`,
      );
    }
    await this.#reading;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      this.#hear();
    }
  }

  #hear(): void {
    this.#heard.resolve();
    this.#heard = Promise.withResolvers();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
