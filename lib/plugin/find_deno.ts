/** A deno command this program may start, or why there is none. */
export type FoundDeno = { readonly path: string } | { readonly missing: string };

/**
 * The deno this program runs on, else the one on the PATH. What was compiled is no deno itself, and may start no
 * programs; the self-extracting executable may start its own for the commands of plugins' authors alone.
 */
export async function findDeno(): Promise<FoundDeno> {
  let allowed = false;
  for (const command of Deno.build.standalone ? ["deno"] : [Deno.execPath(), "deno"]) {
    const { state } = await Deno.permissions.query({ name: "run", command });
    if (state !== "granted") continue;
    allowed = true;
    if (await answers(command)) return { path: command };
  }
  return { missing: allowed ? "there is no deno command on the PATH" : "this program may start no others" };
}

async function answers(command: string): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args: ["--version"],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false; // it is not there
  }
}
