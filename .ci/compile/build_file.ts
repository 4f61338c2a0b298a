import type { Build } from "../../lib/cli/build.ts";

/** What `capstan version` says of the commit; a copy of the sources that is no clone has none. */
export async function currentBuild(root: string): Promise<Build> {
  const commit = await git(root, ["describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"]);
  const date = await git(root, ["log", "-1", "--format=%cs"]);
  return { commit: commit ?? "unknown", date };
}

async function git(root: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", root, ...args],
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // no git here
    throw error;
  }
}
