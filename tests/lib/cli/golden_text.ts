import assert from "node:assert/strict";

/** Compares text with a golden file; `CAPSTAN_WRITE_GOLDEN=1` writes it. */
export async function assertGolden(actual: string, name: string): Promise<void> {
  const file = new URL(`./golden/${name}`, import.meta.url);
  if (Deno.env.get("CAPSTAN_WRITE_GOLDEN") === "1") await Deno.writeTextFile(file, actual);
  assert.equal(actual, await Deno.readTextFile(file));
}
