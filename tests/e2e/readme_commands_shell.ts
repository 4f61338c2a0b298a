import { fileURLToPath } from "node:url";
import { claimPorts } from "../kafka/ports.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./until.ts";

/** What a command line left. */
export interface Ran {
  code: number;
  /** Standard output, with README's ports, home and folder in place of the real ones. */
  out: string;
  error: string;
}

/** A newcomer's terminal: a home of its own, `capstan` on the path, ports that are free. */
export interface Terminal extends AsyncDisposable {
  /** Runs a line to its end; one that goes on for ever is left running once `ready` is in what it says. */
  run(line: string, options?: { until: RegExp }): Promise<Ran>;
  /** Resolves when the running agent has derived all that came in. */
  derived(): Promise<void>;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

/** `further`: texts of README and what stands for them here, as a broker's address. */
export async function openTerminal(further: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const home = await tempDir();
  const claim = claimPorts(["proxy", "admin", "second"]);
  const { proxy, admin, second } = claim.ports;
  const swaps = Object.entries({
    "127.0.0.1:8080": `127.0.0.1:${proxy}`,
    "127.0.0.1:8081": `127.0.0.1:${admin}`,
    "127.0.0.1:11435": `127.0.0.1:${second}`,
    "/home/you": await Deno.realPath(home.path),
    ...further,
  });
  const real = (text: string) => swaps.reduce((all, [shown, here]) => all.replaceAll(shown, here), text);
  const asShown = (text: string) => swaps.reduce((all, [shown, here]) => all.replaceAll(here, shown), text);
  const cwd = `${home.path}/capstan`;
  await Deno.mkdir(cwd);
  await Deno.mkdir(`${home.path}/bin`);
  await Deno.writeTextFile(
    `${home.path}/bin/capstan`,
    `#!/bin/sh\nexec "${Deno.execPath()}" run -A --no-check --quiet "${root}main.ts" "$@"\n`,
    { mode: 0o755 },
  );
  const env: Record<string, string> = {
    ...neutralEnvironment(),
    DENO_DIR: await denoDir(),
    HOME: await Deno.realPath(home.path),
    PATH: `${home.path}/bin:${Deno.env.get("PATH") ?? ""}`,
    NO_COLOR: "1",
  };
  let agent: Deno.ChildProcess | undefined;
  const end = async (child: Deno.ChildProcess | undefined) => {
    if (!child) return;
    child.kill("SIGTERM");
    await child.status;
  };
  const spawn = (line: string) =>
    new Deno.Command("sh", {
      args: ["-c", real(line)],
      env,
      clearEnv: true,
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  return {
    async run(line, options) {
      const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) {
        env[name] = real(value);
        return { code: 0, out: "", error: "" };
      }
      if (!options) {
        const { code, stdout, stderr } = await spawn(line).output();
        return { code, out: asShown(text(stdout)), error: asShown(text(stderr)) };
      }
      const starts = /^capstan (run|serve)\b/.test(line);
      if (starts) await end(agent);
      const addresses = `--listen 127.0.0.1:${proxy}` +
        (line.startsWith("capstan run") ? ` --admin-listen 127.0.0.1:${admin}` : "");
      const child = spawn(`exec ${line}${starts ? ` ${addresses}` : ""}`);
      if (starts) agent = child;
      let said = "";
      let error = "";
      const seen = Promise.withResolvers<void>();
      const read = async (stream: ReadableStream<Uint8Array>, add: (part: string) => void) => {
        for await (const part of stream.pipeThrough(new TextDecoderStream())) {
          add(part);
          if (options.until.test(said)) seen.resolve();
        }
      };
      const reading = Promise.all([
        read(child.stdout, (part) => said += part),
        read(child.stderr, (part) => error += part),
      ]);
      const ended = child.status.then(async ({ code }) => {
        await reading;
        seen.reject(new Error(`${line} ended with ${code}:\n${said}${error}`));
      });
      try {
        await seen.promise;
      } finally {
        if (!starts) await end(child);
        ended.catch(() => {});
      }
      return { code: 0, out: asShown(said), error: asShown(error) };
    },
    async derived() {
      await until(async () => {
        const status = await (await fetch(`http://127.0.0.1:${admin}/admin/status`)).json();
        return status.streams.every((stream: { lag: number }) => stream.lag === 0) || undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      await end(agent);
      claim[Symbol.dispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The runtime's cache, which it would look for in the new home. */
async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(text(stdout)).denoDir;
}

/** The environment without what would configure the program. */
function neutralEnvironment(): Record<string, string> {
  const names = /^(CAPSTAN|TAPES|KAFKA|XDG)_/;
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => !names.test(name)));
}
