import { capstanCommand } from "./capstan.ts";

/** How an agent is started. */
export interface AgentOptions {
  /** Its `--config-dir`, and the working directory. */
  dir: string;
  /** The configuration is found from `dir`, not told. */
  found?: boolean;
  /** Command and flags. Default: `run`. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** A program of a test's own instead of `main.ts`. */
  main?: URL;
  /** How long it may take to listen, in milliseconds. Default 120,000. */
  startWithinMs?: number;
}

/** A running `capstan run`. */
export interface Agent extends AsyncDisposable {
  /** Origin of the proxy: `http://127.0.0.1:41234`. */
  readonly proxy: string;
  /** Origin of the admin listener. */
  readonly admin: string;
  readonly pid: number;
  /** Everything it has said so far, on both outputs. */
  said(): string;
  /** Asks it to stop and resolves with its exit code. */
  stop(signal?: Deno.Signal): Promise<number>;
  /** Ends it as a power cut would: SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Starts an agent and waits until it says where it listens.
 * @throws {Error} it ended or said nothing of the kind in time; the message holds what it said.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const child = capstanCommand({
    args: [...(options.args ?? ["run"]), ...(options.found ? [] : ["--config-dir", options.dir])],
    env: options.env,
    main: options.main,
    cwd: options.dir,
    stdin: "null",
  }).spawn();
  let said = "";
  let ended = false;
  const listening = Promise.withResolvers<{ proxy: string; admin: string }>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text;
      const proxy = /^\s*proxy:?\s+(http:\/\/\S+)/m.exec(said)?.[1];
      const admin = /^\s*admin:?\s+(http:\/\/\S+)/m.exec(said)?.[1];
      if (proxy && admin && /ready/i.test(said)) listening.resolve({ proxy, admin });
    }
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const status = child.status.then(async (status) => {
    ended = true;
    await reading;
    listening.reject(new Error(`the agent ended with ${status.code} before it listened:\n${said}`));
    return status;
  });
  const timer = setTimeout(
    () => listening.reject(new Error(`the agent did not listen in time:\n${said}`)),
    options.startWithinMs ?? 120_000,
  );
  const end = async (signal: Deno.Signal) => {
    if (!ended) child.kill(signal);
    return (await status).code;
  };
  try {
    const { proxy, admin } = await listening.promise;
    return {
      proxy,
      admin,
      pid: child.pid,
      said: () => said,
      stop: (signal = "SIGTERM") => end(signal),
      kill: async () => void await end("SIGKILL"),
      [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
    };
  } catch (error) {
    await end("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
