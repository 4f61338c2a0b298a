import { join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { PERMISSIONS } from "./permissions.ts";
import type { Target } from "./targets.ts";

/** What became of it: made, or why not. */
export type Compiled = { ok: true } | { ok: false; reason: string };

/** `deno compile` on the bundle. It downloads its run-time for the target, which not every machine can reach. */
export async function compileNatively(bundle: Bundle, target: Target, output: string): Promise<Compiled> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArguments(bundle, target, output),
    // Where packages of plugins are looked for is noted relative to it.
    cwd: bundle.folder,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return { ok: true };
  const lines = new TextDecoder().decode(stderr).trim().split("\n").map((line) => line.trim());
  return { ok: false, reason: lines.filter((line) => line !== "").slice(0, 3).join(" ") };
}

/** What `deno` is called with: nothing of this machine's configuration counts, and all files of the bundle go in. */
export function compileArguments(bundle: Bundle, target: Target, output: string): string[] {
  const included = bundle.files.filter((file) => file !== "main.js");
  return [
    "compile",
    ...["--quiet", "--no-config", "--no-lock", "--no-check", "--node-modules-dir=manual"],
    ...["--target", target, "--output", output],
    ...included.flatMap((file) => ["--include", join(bundle.folder, file)]),
    ...PERMISSIONS,
    join(bundle.folder, "main.js"),
  ];
}
