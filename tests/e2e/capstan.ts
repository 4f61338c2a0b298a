import { fileURLToPath } from "node:url";

/** What a finished process left. */
export interface Finished {
  code: number;
  out: string;
  error: string;
}

/** How the program is called. */
export interface CallOptions {
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  stdin?: string;
  /** A program of a test's own instead of `main.ts`; always under this deno. */
  main?: URL;
}

/** The program as a command: `main.ts` under this deno, or the executable that CAPSTAN_EXECUTABLE names. */
export function capstanCommand(
  options: Omit<CallOptions, "stdin"> & { stdin: "null" | "piped" },
): Deno.Command {
  const executable = options.main ? undefined : Deno.env.get("CAPSTAN_EXECUTABLE");
  const main = fileURLToPath(options.main ?? new URL("../../main.ts", import.meta.url));
  const config = fileURLToPath(new URL("../../deno.json", import.meta.url));
  return new Deno.Command(executable ?? Deno.execPath(), {
    args: [...(executable ? [] : ["run", "-A", "--no-check", "--config", config, main]), ...options.args],
    clearEnv: true,
    env: { ...neutralEnvironment(), NO_COLOR: "1", ...options.env },
    cwd: options.cwd,
    stdin: options.stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs the program to its end. */
export async function capstan(options: CallOptions): Promise<Finished> {
  const child = capstanCommand({ ...options, stdin: options.stdin === undefined ? "null" : "piped" }).spawn();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin)).catch(() => {}); // it may end without reading
    await writer.close().catch(() => {});
  }
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
}

/** The environment without what would configure the program. */
function neutralEnvironment(): Record<string, string> {
  const variables = Object.entries(Deno.env.toObject());
  return Object.fromEntries(variables.filter(([name]) => !/^(CAPSTAN|TAPES|KAFKA)_/.test(name)));
}
