import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("./independent_verifier.py", import.meta.url));

/** Whether Python 3 is there to verify with. Where the tests are all to run (CI=true), one that is missing fails them. */
export function pythonIsThere(): boolean {
  if (Deno.env.get("CI") === "true") return true;
  try {
    if (
      new Deno.Command("python3", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync()
        .success
    ) {
      return true;
    }
  } catch {
    // Not there: said below.
  }
  console.log("audit: python3 is not there, so the independent verifier does not run");
  return false;
}

/** Verifies an export by the script of another language. */
export async function independently(
  file: string,
  vkeys: readonly string[],
): Promise<{ code: number; out: string }> {
  const { code, stdout, stderr } = await new Deno.Command("python3", { args: [SCRIPT, file, ...vkeys] })
    .output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout) + decoder.decode(stderr) };
}
