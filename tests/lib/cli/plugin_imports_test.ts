import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { hasPackages, importsWith, readMap } from "../../../lib/cli/plugin_imports.ts";
import { testsOf } from "../../../lib/cli/plugin_tests.ts";
import { tempDir } from "../../e2e/temp_dir.ts";

Deno.test("importsWith() keeps the plugin's own names, made whole, and puts ours over them", async () => {
  await using dir = await tempDir();
  const inner = join(dir.path, "src", "deep");
  await Deno.mkdir(inner, { recursive: true });
  await Deno.writeTextFile(
    join(dir.path, "deno.jsonc"),
    `{ // the folder above
      "imports": { "capstan": "./capstan.d.ts", "ms": "npm:ms@2", "~/": "./src/", },
      "scopes": { "./vendor/": { "x": "../x.ts" } }
    }`,
  );
  const base = pathToFileURL(`${dir.path}/`);
  assert.deepEqual(await importsWith(inner, { "capstan": "file:///types.d.ts" }), {
    imports: { "capstan": "file:///types.d.ts", "ms": "npm:ms@2", "~/": new URL("src/", base).href },
    scopes: { [new URL("vendor/", base).href]: { "x": new URL("../x.ts", base).href } },
  });
});

Deno.test("readMap() follows a deno.json to the import map it names", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(join(dir.path, "maps"));
  await Deno.writeTextFile(join(dir.path, "deno.json"), `{ "importMap": "./maps/map.json" }`);
  await Deno.writeTextFile(join(dir.path, "maps", "map.json"), `{ "imports": { "a": "./a.ts" } }`);
  const { imports } = await readMap(join(dir.path, "deno.json"));
  assert.deepEqual(imports, { a: pathToFileURL(join(dir.path, "maps", "a.ts")).href });
});

Deno.test("hasPackages() looks in the folder and those above", async () => {
  await using dir = await tempDir();
  const inner = join(dir.path, "inner");
  await Deno.mkdir(inner);
  assert.equal(hasPackages(inner), false);
  await Deno.mkdir(join(dir.path, "node_modules"));
  assert.equal(hasPackages(inner), true);
});

Deno.test("testsOf() gives those beside mod.ts, and of another module the one that bears its name", async () => {
  await using dir = await tempDir();
  for (const name of ["mod.ts", "mod_test.ts", "store_test.ts", "print.ts", "print_test.ts", "bare.ts"]) {
    await Deno.writeTextFile(join(dir.path, name), "");
  }
  const names = (module: string) =>
    testsOf(join(dir.path, module)).map((path) => path.slice(dir.path.length + 1));
  assert.deepEqual(names("mod.ts"), ["mod_test.ts", "print_test.ts", "store_test.ts"]);
  assert.deepEqual(names("print.ts"), ["print_test.ts"]);
  assert.deepEqual(names("bare.ts"), []);
});
