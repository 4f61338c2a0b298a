import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { tempDir } from "./temp_dir.ts";

const script = fileURLToPath(new URL("../../.ci/install.sh", import.meta.url));
const name = `capstan-${Deno.build.arch}-${
  Deno.build.os === "darwin" ? "apple-darwin" : "unknown-linux-gnu"
}`;
const STAND_IN = "#!/bin/sh\necho capstan 9.9.9\n";

/** A release of a stand-in for the executable, with this line of checksums. */
async function release(dir: string, sums: string): Promise<void> {
  await Deno.mkdir(dir);
  await Deno.writeTextFile(join(dir, name), STAND_IN);
  await Deno.writeTextFile(join(dir, "SHA256SUMS"), sums);
}

async function install(from: string, to: string) {
  const { code, stdout, stderr } = await new Deno.Command("sh", { args: [script, from, to] }).output();
  return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
}

const sha256 = createHash("sha256").update(STAND_IN).digest("hex");
const only = { ignore: Deno.build.os === "windows" };

Deno.test({
  ...only,
  name: "install.sh installs what has the checksum, over an older one",
  async fn() {
    await using dir = await tempDir();
    await release(join(dir.path, "release"), `${"0".repeat(64)}  capstan-other\n${sha256}  ${name}\n`);
    const to = join(dir.path, "bin");
    for (let times = 0; times < 2; times++) {
      const { code, out, error } = await install(join(dir.path, "release"), to);
      assert.deepEqual([code, error], [0, ""]);
      assert.match(out, /^installed .*bin\/capstan\n/);
    }
    const { stdout } = await new Deno.Command(join(to, "capstan")).output();
    assert.equal(new TextDecoder().decode(stdout), "capstan 9.9.9\n");
  },
});

Deno.test({
  ...only,
  name: "install.sh installs nothing that has another checksum, or none",
  async fn() {
    await using dir = await tempDir();
    const to = join(dir.path, "bin");
    await release(join(dir.path, "other"), `${"0".repeat(64)}  ${name}\n`);
    await release(join(dir.path, "none"), `${sha256}  capstan-other\n`);
    for (const [from, wrong] of [["other", /checksum .* not 0{64}/], ["none", /does not name it/]] as const) {
      const { code, error } = await install(join(dir.path, from), to);
      assert.equal(code, 1);
      assert.match(error, wrong);
    }
    await assert.rejects(Deno.stat(join(to, "capstan")), { name: "NotFound" });
  },
});
