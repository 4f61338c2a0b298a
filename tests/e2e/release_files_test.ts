import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempDir } from "./temp_dir.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A program to ask: the executable, or a script that runs the sources. */
async function programIn(folder: string): Promise<string> {
  const executable = Deno.env.get("CAPSTAN_EXECUTABLE");
  if (executable !== undefined) return executable;
  const path = join(folder, "program");
  const command = `"${Deno.execPath()}" run -A --no-check --config "${root}deno.json" "${root}main.ts"`;
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
  return path;
}

Deno.test({
  name: "release_files.sh makes manual, completions, licences and bill of materials, and checksums of all",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using dir = await tempDir();
    const folder = join(dir.path, "dist");
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "capstan-x86_64-unknown-linux-gnu"), "an executable");
    await Deno.writeTextFile(join(folder, "SHA256SUMS"), "of an earlier run");
    const { code, stderr } = await new Deno.Command(join(root, ".ci/release_files.sh"), {
      args: [await programIn(dir.path), folder],
    }).output();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(code, 0);
    const sums = (await Deno.readTextFile(join(folder, "SHA256SUMS"))).trimEnd().split("\n");
    const names = sums.map((line) => line.split("  ")[1] ?? "");
    assert.deepEqual(names.toSorted(), [
      "LICENSES.txt",
      "capstan-completion.bash",
      "capstan-completion.fish",
      "capstan-completion.zsh",
      "capstan-x86_64-unknown-linux-gnu",
      "capstan.1",
      "capstan.cdx.json",
      "install.sh",
    ]);
    for (const line of sums) {
      const [sum, name = ""] = line.split("  ");
      const bytes = await Deno.readFile(join(folder, name));
      assert.ok(bytes.length > 0, name);
      assert.equal(createHash("sha256").update(bytes).digest("hex"), sum, name);
    }
  },
});
