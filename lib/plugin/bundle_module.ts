import { dirname } from "node:path";

/** What is bundled, and by whom. */
export interface BundleOptions {
  /** Path of a deno command. */
  deno: string;
  /** The module. */
  file: string;
  /** Path of the JavaScript to write. */
  output: string;
  /** Names that stay imports. */
  external?: readonly string[];
}

/**
 * Writes a module with all it imports as one file of JavaScript; packages come from its own node_modules.
 * @throws {Error} the bundler's words: what could not be resolved or read.
 */
export async function bundleModule({ deno, file, output, external = [] }: BundleOptions): Promise<void> {
  const { success, stderr } = await new Deno.Command(deno, {
    args: [
      "bundle",
      ...["--quiet", "--no-check", "--no-config", "--no-lock", "--node-modules-dir=manual"],
      ...["--platform", "deno", "--output", output],
      ...external.flatMap((name) => ["--external", name]),
      file,
    ],
    cwd: dirname(file),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).split("\n\n")[0]?.trim();
  throw new Error(`Cannot bundle ${file}: ${said || "the bundler did not say why"}`);
}
