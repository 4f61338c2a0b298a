import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "jsonc-parser";
import { writeAuthorFiles } from "../../../lib/cli/author_files.ts";
import { DECLARATIONS, editorConfig } from "../../../lib/cli/editor_config.ts";
import { readJson } from "../../../lib/json/read_json.ts";
import { tempDir } from "../../e2e/temp_dir.ts";

async function configured(text: string | undefined, name = "deno.json") {
  await using dir = await tempDir();
  const path = join(dir.path, name);
  if (text !== undefined) await Deno.writeTextFile(path, text);
  const file = await editorConfig(dir.path);
  assert.equal(file.path, path);
  await writeAuthorFiles([file]);
  const again = await editorConfig(dir.path);
  assert.deepEqual([again.change, again.text], ["as it was", file.text], "a second time changes nothing");
  return { ...file, written: await Deno.readTextFile(path) };
}

Deno.test("editorConfig() makes a deno.json where there is none", async () => {
  const { change, written } = await configured(undefined);
  assert.equal(change, "new");
  assert.equal(
    written,
    `{
  "imports": {
    "capstan": "./capstan.d.ts",
    "capstan/testing": "./capstan_testing.d.ts"
  }
}
`,
  );
});

Deno.test("editorConfig() adds the names among comments, and keeps all else as it stands", async () => {
  const { written, change } = await configured(
    `// mine
{
\t"imports": { "std": "jsr:@std/fs" }, // one
\t"tasks": {"x": "y"}
}`,
    "deno.jsonc",
  );
  assert.equal(change, "changed");
  assert.match(written, /^\/\/ mine\n\{\n\t"imports": \{/);
  assert.ok(written.endsWith(`}, // one\n\t"tasks": {"x": "y"}\n}`), written);
  assert.deepEqual(parse(written).imports, { std: "jsr:@std/fs", ...DECLARATIONS });
});

Deno.test("editorConfig() leaves a name alone that is mapped elsewhere, and says so", async () => {
  const { written, remark } = await configured(`{ "imports": { "capstan": "../capstan/mod.ts" } }`);
  assert.equal(remark, `"capstan" stays mapped to "../capstan/mod.ts"`);
  assert.equal(parse(written).imports.capstan, "../capstan/mod.ts");
});

Deno.test("editorConfig() loses nothing of any configuration", async () => {
  const values = fc.jsonValue({ maxDepth: 2 });
  const names = fc.string({ minLength: 1 }).filter((name) => name !== "__proto__" && name !== "importMap");
  const configs = fc.tuple(fc.dictionary(names, values), fc.dictionary(names, fc.string()), fc.boolean());
  await fc.assert(
    fc.asyncProperty(configs, async ([config, imports, hasImports]) => {
      // As it comes from a file: JSON writes -0 as 0.
      const { imports: _, ...rest }: Record<string, unknown> = readJson(JSON.stringify(config));
      const before = hasImports ? { ...rest, imports } : rest;
      const { written } = await configured(JSON.stringify(before));
      assert.deepEqual(readJson(written), {
        ...rest,
        imports: { ...DECLARATIONS, ...(hasImports ? imports : {}) },
      });
    }),
    { numRuns: 60 },
  );
});

Deno.test("editorConfig() refuses what it can't add to, and says where", async () => {
  const cases: [string, RegExp][] = [
    [
      `{\n  "imports": {\n}`,
      /Cannot add to .*deno\.json: line 3 is no JSON \(CloseBraceExpected\); correct it/,
    ],
    [`[]`, /it is no JSON object/],
    [`{ "imports": [] }`, /its "imports" is no JSON object/],
    [`{ "importMap": "./map.json" }`, /an import map of its own, \.\/map\.json; add there: "capstan": "/],
  ];
  for (const [text, wrong] of cases) await assert.rejects(configured(text), wrong);
});
