import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "./temp_dir.ts";

/** What a finished program left. */
export interface Finished {
  code: number;
  out: string;
  error: string;
}

/** A program that runs there. */
export interface Running extends AsyncDisposable {
  /** Resolves with the first group of what it says, once it does; rejects where it ends before. */
  said(pattern: RegExp): Promise<string>;
  /** Asks it to stop, and resolves with its exit code. */
  stop(): Promise<number>;
}

/** A machine that has the executable and nothing else of ours: no HOME, no network but loopback. */
export interface CleanMachine extends AsyncDisposable {
  /** Whether namespaces make it; else it is this machine with an empty environment and proxies that refuse. */
  readonly apart: boolean;
  /** The one folder that can be written to: configuration and data. */
  readonly data: string;
  /** Runs a program there to its end; `capstan` is the executable. */
  run(command: string, ...args: string[]): Promise<Finished>;
  /** Starts the executable there. */
  start(...args: string[]): Running;
  /** Starts a program of this machine, with all its files, on the clean machine's network. */
  beside(command: string, ...args: string[]): Running;
}

/** Loopback up, every mount read-only but that of the data (`$1`), as a try at `$2` must show; then waits for its end. */
const SETUP = `set -e
ip link set lo up
mount --bind "$1" "$1"
cut -d ' ' -f 2 /proc/self/mounts | while read -r at; do
  [ "$at" = "$1" ] || mount -o remount,bind,ro "$at" 2>/dev/null || true
done
if touch "$2/written" 2>/dev/null; then exit 1; fi
touch "$1/written"
rm "$1/written"
echo ready
exec cat`;

/** Goes to `$0` as it is there, not as it is here. */
const IN_FOLDER = 'cd "$0" && exec "$@"';

/** Whoever asks these for another host is refused. */
const NO_PROXY_THERE = { HTTP_PROXY: "http://127.0.0.1:9", HTTPS_PROXY: "http://127.0.0.1:9" };

/** Makes one around a copy of `executable`, which lies alone in the working directory. */
export async function openCleanMachine(executable: string): Promise<CleanMachine> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir());
  const cwd = join(dir.path, "cwd");
  const data = join(dir.path, "data");
  await Deno.mkdir(join(data, "tmp"), { recursive: true });
  await Deno.mkdir(cwd);
  await copyFile(executable, join(cwd, "capstan"));
  await Deno.chmod(cwd, 0o555);
  const namespaces = await openNamespaces(data, cwd);
  if (namespaces) stack.use(namespaces);
  const env = {
    PATH: "/usr/bin:/bin",
    NO_COLOR: "1",
    CAPSTAN_CACHE: join(data, "cache"),
    TMPDIR: join(data, "tmp"),
    ...(namespaces ? {} : { ...NO_PROXY_THERE, NO_PROXY: "127.0.0.1" }),
  };
  const command = (name: string, args: readonly string[]) =>
    inside(
      namespaces?.pid,
      ["--mount"],
      ["sh", "-c", IN_FOLDER, cwd, name === "capstan" ? "./capstan" : name, ...args],
      { clearEnv: true, env },
    );
  const kept = stack.move();
  return {
    apart: namespaces !== undefined,
    data,
    async run(name, ...args) {
      const { code, stdout, stderr } = await command(name, args).output();
      return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
    },
    start: (...args) => running(command("capstan", args)),
    beside: (name, ...args) => running(inside(namespaces?.pid, [], [name, ...args], {})),
    async [Symbol.asyncDispose]() {
      await Deno.chmod(cwd, 0o755);
      await kept.disposeAsync();
    },
  };
}

/** A process that keeps the namespaces; `undefined` where this machine permits none. */
async function openNamespaces(
  data: string,
  cwd: string,
): Promise<{ pid: number } & AsyncDisposable | undefined> {
  try {
    const child = new Deno.Command("unshare", {
      args: ["--map-root-user", "--net", "--mount", "sh", "-c", SETUP, "sh", data, cwd],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const close = async () => {
      await child.stdin.close();
      await child.stdout.cancel();
      await child.status;
    };
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    if (new TextDecoder().decode(value).trim() === "ready") {
      return { pid: child.pid, [Symbol.asyncDispose]: close };
    }
    await close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // not Linux
  }
  return undefined;
}

function inside(
  pid: number | undefined,
  flags: readonly string[],
  [name = "", ...args]: readonly string[],
  options: Pick<Deno.CommandOptions, "clearEnv" | "env">,
): Deno.Command {
  const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  if (pid === undefined) return new Deno.Command(name, { args, ...options, ...streams });
  const through = ["--target", String(pid), "--user", "--net", "--preserve-credentials", ...flags, "--"];
  return new Deno.Command("nsenter", { args: [...through, name, ...args], ...options, ...streams });
}

function running(command: Deno.Command): Running {
  const child = command.spawn();
  let text = "";
  let ended = false;
  let changed = Promise.withResolvers<void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      text += part;
      changed.resolve();
    }
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const status = child.status.then(async ({ code }) => {
    await reading;
    ended = true;
    changed.resolve();
    return code;
  });
  const end = async (signal: Deno.Signal) => {
    if (!ended) child.kill(signal);
    return await status;
  };
  return {
    async said(pattern) {
      for (;;) {
        const found = pattern.exec(text);
        if (found) return found[1] ?? found[0];
        if (ended) throw new Error(`It ended without saying ${pattern}:\n${text}`);
        await changed.promise;
        changed = Promise.withResolvers();
      }
    },
    stop: () => end("SIGTERM"),
    [Symbol.asyncDispose]: async () => void await end("SIGKILL"),
  };
}
