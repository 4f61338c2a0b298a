import { join } from "node:path";
import { ownTarget, type Target, TARGETS } from "./targets.ts";

/**
 * The deno that runs on `target`: this one, or that of npm's package of the same version, fetched into `folder`.
 * @throws {Error} npm has none, or can't be reached.
 */
export async function denoFor(target: Target, folder: string): Promise<string> {
  if (target === ownTarget()) return Deno.execPath();
  const { npm, os } = TARGETS[target];
  const spec = `${npm}@${Deno.version.deno}`;
  await run("npm", ["pack", "--silent", "--pack-destination", folder, spec], spec);
  const archive = [...Deno.readDirSync(folder)].map(({ name }) => name).find((name) => name.endsWith(".tgz"));
  if (archive === undefined) throw new Error(`Cannot get ${spec}: npm gave no archive`);
  await run("tar", ["-x", "-z", "-f", join(folder, archive), "-C", folder], spec);
  return join(folder, "package", os === "windows" ? "deno.exe" : "deno");
}

async function run(command: string, args: string[], what: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null", stderr: "piped" })
    .output();
  if (!success) throw new Error(`Cannot get ${what}: ${new TextDecoder().decode(stderr).trim()}`);
}
