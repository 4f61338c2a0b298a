import assert from "node:assert/strict";
import { main } from "../../../../lib/cli/main.ts";
import { plugins } from "../../../../plugins/mod.ts";
import { tempDir } from "../../../e2e/temp_dir.ts";
import { fakeIo } from "../fake_io.ts";
import { assertGolden } from "../golden_text.ts";

async function capstan(...argv: string[]) {
  const { io, said } = fakeIo();
  const code = await main({ argv, plugins, io });
  return { code, ...said };
}

for (const shell of ["bash", "zsh", "fish"]) {
  Deno.test(`completions ${shell} prints the script for it`, async () => {
    const { code, out } = await capstan("completions", shell);
    assert.equal(code, 0);
    await assertGolden(out, `completions.${shell}`);
  });
}

Deno.test("completions refuses another shell with 2 and names those there are", async () => {
  const { code, error } = await capstan("completions", "ksh");
  assert.equal(code, 2);
  assert.match(error, /bash, zsh, fish/);
});

Deno.test("what shells ask is answered with topics, keys and values", async () => {
  await using dir = await tempDir();
  const told = ["--config-dir", dir.path];
  assert.deepEqual(await capstan("__complete", "--", "tail", ...told, "tapes.t"), {
    code: 0,
    out: "tapes.turns.v1\n",
    error: "",
  });
  const keys = (await capstan("__complete", "--", "config", "get", "logging.")).out;
  assert.equal(keys, "logging.level\nlogging.format\n");
  const values = (await capstan("__complete", "--line", "capstan config set logging.level ")).out;
  assert.equal(values, "debug\ninfo\nwarn\nerror\n");
  assert.equal(
    (await capstan("__complete", "--", "config", "set", "store.power_safe", "")).out,
    "true\nfalse\n",
  );
  assert.match((await capstan("__complete", "--", "config", "sh")).out, /^show\tPrint every setting/);
});

Deno.test("a wrong configuration leaves topics out and says nothing: the shell waits at its prompt", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/config.toml`, "[nothing]\nof = 1\n");
  const asked = await capstan("__complete", "--", "tail", "--config-dir", dir.path, "tapes.t");
  assert.deepEqual(asked, { code: 0, out: "", error: "" });
});
