import assert from "node:assert/strict";
import { main } from "../../lib/cli/main.ts";
import { plugins } from "../../plugins/mod.ts";
import { fakeIo } from "../lib/cli/fake_io.ts";
import { capstan } from "./capstan.ts";
import { tempDir } from "./temp_dir.ts";

Deno.test("--help lists the commands of all built-in plugins, as the sources have them", async () => {
  await using dir = await tempDir();
  const { io, said } = fakeIo({ env: { CAPSTAN_CONFIG_DIR: dir.path } });
  assert.equal(await main({ argv: ["--help"], plugins, io }), 0);
  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    const { code, out, error } = await capstan({ args, env: { CAPSTAN_CONFIG_DIR: dir.path } });
    assert.deepEqual([code, error, out], [0, "", said.out], args.join(" "));
  }
  assert.match(said.out, /^ {2}log +List conversations/m);
});

Deno.test("--help lists the commands of a configuration's own plugins too", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(
    `${dir.path}/shop.ts`,
    `export default { name: "shop", setup(ctx) {
      ctx.command({ path: "sell", doc: "Sell something", run: () => Promise.resolve() });
    } };`,
  );
  await Deno.writeTextFile(`${dir.path}/config.toml`, `[plugins.shop]\nmodule = "./shop.ts"\n`);
  const { code, out, error } = await capstan({ args: ["--help"], env: { CAPSTAN_CONFIG_DIR: dir.path } });
  assert.deepEqual([code, error], [0, ""]);
  assert.match(out, /^ {2}sell +Sell something\.$/m);
  assert.match(out, /^ {2}log +List conversations/m);
});
