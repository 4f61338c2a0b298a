import assert from "node:assert/strict";
import { join } from "node:path";
import { initConfig, PRESETS } from "../../../lib/config/init.ts";
import { locate } from "../../../lib/config/locate.ts";
import { ConfigError } from "../../../lib/config/problem.ts";
import { nodeAt, readToml } from "../../../lib/config/toml.ts";
import { tempFolder } from "./temp_folder.ts";

Deno.test("initConfig() makes a trusted configuration for each preset", () => {
  for (const [preset, upstream] of Object.entries(PRESETS)) {
    using temp = tempFolder();
    const file = initConfig({ dir: join(temp.project, ".capstan"), preset, env: temp.env });
    const located = locate({ cwd: temp.project, env: temp.env });
    assert.equal(located.file, file);
    const table = nodeAt(readToml(located.text ?? "", file), ["plugins", "tapes"]);
    assert.ok(table?.kind === "table");
    const values = [...table.entries].map((
      [name, node],
    ) => [name, node.kind === "value" ? node.value : node]);
    assert.deepEqual(Object.fromEntries(values), { provider: preset, upstream });
    if (Deno.build.os !== "windows") {
      assert.equal((Deno.statSync(file).mode ?? 0) & 0o777, 0o600);
      assert.equal((Deno.statSync(located.dir).mode ?? 0) & 0o777, 0o700);
    }
  }
});

Deno.test("initConfig() is for ollama unless told otherwise, and needs no home", () => {
  using temp = tempFolder();
  assert.match(Deno.readTextFileSync(initConfig({ dir: temp.project, env: {} })), /provider = "ollama"/);
});

Deno.test("initConfig() never overwrites a file", () => {
  using temp = tempFolder();
  const file = temp.write("home/work/project/.capstan/config.toml", "# mine");
  assert.throws(() => initConfig({ dir: join(temp.project, ".capstan"), env: temp.env }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.message, `Cannot make ${file}: it exists already; change it with: capstan config set`);
    return true;
  });
  assert.equal(Deno.readTextFileSync(file), "# mine");
  assert.throws(
    () => locate({ cwd: temp.project, env: temp.env }),
    ConfigError,
    "it was not trusted by that",
  );
});

Deno.test("initConfig() names the presets there are, and the nearest", () => {
  using temp = tempFolder();
  assert.throws(() => initConfig({ dir: temp.project, preset: "openia", env: temp.env }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(
      error.message,
      'Cannot use preset "openia": there are ollama, openai, anthropic; did you mean openai?',
    );
    return true;
  });
});
