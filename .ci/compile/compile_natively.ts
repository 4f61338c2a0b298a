import { join } from "node:path";
import type { Bundle } from "./bundle.ts";
import { PERMISSIONS } from "./permissions.ts";
import type { Target } from "./targets.ts";

/** What became of it: made, or why not. */
export type Compiled = { ok: true } | { ok: false; reason: string };

/** `deno compile` on the bundle. It downloads its run-time for the target, which not every machine can reach. */
export async function compileNatively(bundle: Bundle, target: Target, output: string): Promise<Compiled> {
  const included = bundle.files.filter((file) => file !== "main.js").map((file) => join(bundle.folder, file));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      ...["--quiet", "--no-config", "--no-lock", "--no-check", "--target", target, "--output", output],
      ...included.flatMap((path) => ["--include", path]),
      ...PERMISSIONS,
      join(bundle.folder, "main.js"),
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return { ok: true };
  const lines = new TextDecoder().decode(stderr).trim().split("\n").filter((line) => line.trim() !== "");
  return { ok: false, reason: lines.slice(0, 3).join(" ") };
}
