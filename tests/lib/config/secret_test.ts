import assert from "node:assert/strict";
import { join } from "node:path";
import { loadConfig } from "../../../lib/config/load.ts";
import { ConfigError } from "../../../lib/config/problem.ts";
import { recorder } from "./plugins.ts";

async function inFolder(run: (dir: string) => void | Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await run(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function load(dir: string, text: string, env: Record<string, string> = {}, mode = 0o600) {
  const file = join(dir, "config.toml");
  Deno.writeTextFileSync(file, text, { mode });
  return loadConfig({ plugins: [recorder], located: { dir, file, text, origin: "told" }, env, cwd: dir });
}

Deno.test("a secret comes from the file that KEY_file names, without its line break", () =>
  inFolder((dir) => {
    Deno.writeTextFileSync(join(dir, "key"), "hush hush\r\n", { mode: 0o600 });
    const loaded = load(dir, `[plugins.recorder]\napi_key_file = "key"\n`);
    assert.equal(loaded.plugin("recorder").settings.api_key, "hush hush");
    assert.equal(loaded.entry("plugins.recorder.api_key").text, "***");
    assert.deepEqual(loaded.warnings, []);
  }));

Deno.test("a secret comes from the environment, or from the file a variable names", () =>
  inFolder((dir) => {
    Deno.writeTextFileSync(join(dir, "key"), "from-file", { mode: 0o600 });
    const value = (env: Record<string, string>) => load(dir, "", env).plugin("recorder").settings.api_key;
    assert.equal(value({ RECORDER_KEY: "from-env" }), "from-env");
    assert.equal(value({ RECORDER_KEY_FILE: join(dir, "key") }), "from-file");
    assert.equal(value({ CAPSTAN_PLUGINS_RECORDER_API_KEY: "first", RECORDER_KEY: "second" }), "first");
  }));

Deno.test({
  name: "a secret that other users can read is warned of, in its own file and in config.toml",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder((dir) => {
      const key = join(dir, "key");
      Deno.writeTextFileSync(key, "hush");
      Deno.chmodSync(key, 0o644);
      const [warning] = load(dir, `[plugins.recorder]\napi_key_file = "key"\n`).warnings;
      assert.equal(
        warning,
        `${
          join(dir, "config.toml")
        }:2:1: plugins.recorder.api_key_file names ${key}, which other users can read; chmod 600 it`,
      );
      const [open] = load(dir, `[plugins.recorder]\napi_key = "hush"\n`, {}, 0o640).warnings;
      assert.match(open ?? "", /holds plugins\.recorder\.api_key and other users can read it; chmod 600 it$/);
    }),
});

Deno.test("a secret's file that is missing, empty, a folder or not text is a problem", () =>
  inFolder((dir) => {
    Deno.writeTextFileSync(join(dir, "empty"), "\n", { mode: 0o600 });
    Deno.writeFileSync(join(dir, "binary"), new Uint8Array([0xff, 0xfe]), { mode: 0o600 });
    const expected: Record<string, RegExp> = {
      missing: /which can't be read \(ENOENT\)/,
      empty: /which is empty/,
      ".": /which is not a file/,
      binary: /which can't be read \(it is not UTF-8 text\)/,
    };
    for (const [name, wrong] of Object.entries(expected)) {
      assert.throws(() => load(dir, `[plugins.recorder]\napi_key_file = "${name}"\n`), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /config\.toml:2:1: plugins\.recorder\.api_key_file names /);
        assert.match(error.message, wrong);
        return true;
      });
    }
  }));

Deno.test("a secret that will not do is not shown in the error", () =>
  inFolder((dir) => {
    assert.throws(() => load(dir, `[admin]\ntoken = "hush"\n`), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.doesNotMatch(error.message, /hush/);
      return true;
    });
  }));
