/**
 * `deno task compile [--target NAME] [--output FILE] [--require-compile]`: one executable file, `dist/capstan`.
 * Made by `deno compile` where its run-time can be had; else a self-extracting file with the same program in it.
 */
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import manifest from "../../deno.json" with { type: "json" };
import { bundle } from "./bundle.ts";
import { compileNatively } from "./compile_natively.ts";
import { denoFor } from "./deno_binary.ts";
import { writeSelfExtracting } from "./self_extracting.ts";
import { ownTarget, targetNamed, TARGETS } from "./targets.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      target: { type: "string" },
      output: { type: "string" },
      "require-compile": { type: "boolean", default: false },
    },
  });
  const target = values.target === undefined ? ownTarget() : targetNamed(values.target);
  const { os } = TARGETS[target];
  const output = resolve(values.output ?? join(root, "dist", os === "windows" ? "capstan.exe" : "capstan"));
  await Deno.mkdir(dirname(output), { recursive: true });
  const work = await Deno.makeTempDir({ prefix: "capstan-compile-" });
  try {
    const made = await bundle(root, join(work, "bundle"));
    const compiled = await compileNatively(made, target, join(work, "compiled"));
    if (compiled.ok) {
      await Deno.rename(join(work, os === "windows" ? "compiled.exe" : "compiled"), output);
      return say(`${output}: compiled for ${target}`);
    }
    if (values["require-compile"]) {
      throw new Error(`Cannot compile for ${target}: ${compiled.reason}`);
    }
    if (os === "windows") {
      throw new Error(
        `Cannot compile for ${target}: ${compiled.reason}; a self-extracting file is for Linux and macOS only`,
      );
    }
    say(`deno compile can't be used (${compiled.reason}); making a self-extracting file`);
    const deno = await denoFor(target, work);
    const bytes = await writeSelfExtracting({ bundle: made, deno, version: manifest.version, output });
    return say(`${output}: self-extracting for ${target}, ${(bytes / 1e6).toFixed(1)} MB`);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

function say(line: string): number {
  console.log(line);
  return 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  Deno.exit(1);
}
