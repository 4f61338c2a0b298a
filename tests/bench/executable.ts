/**
 * `deno task bench executable [--times N] [--file PATH]`: what dist/capstan weighs and how soon it answers, unpacked and
 * not. Each command runs N times (default 15), the commands in turns, so that other work on the machine meets all alike.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { start } from "./process.ts";
import { median, table } from "./table.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: { times: { type: "string", default: "15" }, file: { type: "string" } },
});
const file = values.file ?? fileURLToPath(new URL("../../dist/capstan", import.meta.url));
const COMMANDS = [["--version"], ["--help"], ["run", "--help"], ["config", "show"], ["licenses"]];

const work = await Deno.makeTempDir({ prefix: "capstan-bench-" });
try {
  const env = { CAPSTAN_CACHE: join(work, "cache"), CAPSTAN_CONFIG_DIR: join(work, "data") };
  const load = Deno.loadavg()[0] ?? NaN;
  const first = await msOf(["--version"], env);
  const took = new Map<string, number[]>();
  const measured = async (name: string, ms: Promise<number>) => {
    took.set(name, [...took.get(name) ?? [], await ms]);
  };
  for (let round = 0; round < Number(values.times); round++) {
    for (const args of COMMANDS) await measured(`capstan ${args.join(" ")}`, msOf(args, env));
    await measured("capstan run, until it listens", readyMs(env));
  }
  const rows = [...took].map(([name, each]) => [name, ms(median(each)), ms(Math.min(...each))]);
  console.log(
    `${file}: ${megabytes((await Deno.stat(file)).size)}, unpacked ${
      megabytes(await sizeOf(env.CAPSTAN_CACHE))
    }`,
  );
  console.log(`load of the machine before: ${load.toFixed(1)}\n`);
  console.log(table(["", "median ms", "quickest ms"], [
    ["first start: unpack, check, `--version`", ms(first), ""],
    ...rows,
  ]));
} finally {
  await Deno.remove(work, { recursive: true });
}

async function msOf(args: readonly string[], env: Record<string, string>): Promise<number> {
  const before = performance.now();
  const { success, stderr } = await new Deno.Command(file, { args: [...args], env, stdin: "null" }).output();
  const took = performance.now() - before;
  if (!success) throw new Error(`Cannot measure ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return took;
}

async function readyMs(env: Record<string, string>): Promise<number> {
  const before = performance.now();
  await using _agent = await start(
    [file, "run", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
    {
      env,
      ready: { line: /proxy: http:\/\/127\.0\.0\.1:(\d+)/ },
    },
  );
  return performance.now() - before;
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory ? await sizeOf(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}

function ms(value: number): string {
  return value.toFixed(0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
