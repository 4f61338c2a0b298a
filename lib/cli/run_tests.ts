import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleModule } from "../plugin/bundle_module.ts";
import type { Io } from "./io.ts";
import { hasPackages, importsWith, packagesFlag, readMap } from "./plugin_imports.ts";
import { TESTING } from "./testing_module.ts";
import { workFolder } from "./work_folder.ts";

/** What is to be tested. */
export interface TestRun {
  /** Path of a deno command. */
  deno: string;
  /** The plugin's folder, absolute; its deno.json counts. */
  folder: string;
  /** The tests, absolute. */
  files: readonly string[];
  io: Pick<Io, "stdout" | "stderr">;
  /** Ends the run. */
  signal: AbortSignal;
}

/** Runs the tests in files and prints what the test runner says. Gives its exit code. */
export async function runTests({ deno, folder, files, io, signal }: TestRun): Promise<number> {
  await using work = await workFolder();
  const map = await importsWith(folder, { "capstan/testing": TESTING.href });
  const sources = TESTING.pathname.endsWith(".ts");
  if (sources) map.scopes[new URL("../../", import.meta.url).href] = await ownImports();
  await Deno.writeTextFile(join(work.path, "map.json"), JSON.stringify(map));
  // Packages of the sources and of the plugin are found in two ways that exclude each other.
  const bundled = sources && hasPackages(folder);
  const run = bundled ? await bundledInto(work.path, { deno, files }) : files;
  const child = new Deno.Command(deno, {
    args: [
      ...["test", "--quiet", "--no-lock", "--no-check", "--allow-all"],
      bundled ? "--node-modules-dir=none" : packagesFlag(folder),
      ...["--import-map", join(work.path, "map.json")],
      ...run,
    ],
    cwd: folder,
    env: io.stdout.colours ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  const [{ code }] = await Promise.all([
    child.status,
    copy(child.stdout, io.stdout),
    copy(child.stderr, io.stderr),
  ]);
  signal.throwIfAborted();
  return code;
}

async function bundledInto(
  work: string,
  { deno, files }: Pick<TestRun, "deno" | "files">,
): Promise<string[]> {
  return await Promise.all(files.map(async (file) => {
    const output = join(work, `${basename(file, ".ts")}.js`);
    await bundleModule({ deno, file, output, external: ["capstan/testing"] });
    return output;
  }));
}

async function ownImports(): Promise<Record<string, string>> {
  return (await readMap(fileURLToPath(new URL("../../deno.json", import.meta.url)))).imports;
}

async function copy(from: ReadableStream<Uint8Array>, to: Io["stdout"]): Promise<void> {
  for await (const text of from.pipeThrough(new TextDecoderStream())) await to.write(text);
}
