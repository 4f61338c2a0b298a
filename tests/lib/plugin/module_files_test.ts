import assert from "node:assert/strict";
import { join } from "node:path";
import { FreshModules } from "../../../lib/plugin/fresh_modules.ts";
import { loadPlugin } from "../../../lib/plugin/load_plugin.ts";
import { moduleFiles, moduleRoot } from "../../../lib/plugin/module_files.ts";
import { tempDir } from "../../e2e/temp_dir.ts";

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await Deno.mkdir(join(folder, name, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, name), text);
  }
}

Deno.test("moduleFiles() finds what a module imports, however it is written, and what it imports in turn", async () => {
  await using dir = await tempDir();
  await write(dir.path, {
    "plugin/mod.ts": [
      'import a, {\n  b,\n} from "./a.ts";',
      "import '../shared/c.ts';",
      'export * from "./d.js";',
      'const late = () => import("./e.ts");',
      'const worker = new URL("./f.ts", import.meta.url);',
      'import type { Plugin } from "capstan";',
      'import data from "./g.json" with { type: "json" };',
      'import "./missing.ts";',
    ].join("\n"),
    "plugin/a.ts": 'import "./a.ts"; import "./nested/h.ts"; export default 1; export const b = 1;',
    "plugin/nested/h.ts": "export {};",
    "plugin/d.js": "",
    "plugin/e.ts": "",
    "plugin/f.ts": "",
    "plugin/g.json": '{ "from": "./not_imported.ts" }',
    "plugin/beside.ts": "",
    "shared/c.ts": "",
  });
  const { file, files } = await moduleFiles(join(dir.path, "plugin/mod.ts"));
  assert.equal(file, join(dir.path, "plugin/mod.ts"));
  const names = files.map((each) => each.slice(dir.path.length + 1));
  assert.deepEqual(names, [
    ...["a.ts", "d.js", "e.ts", "f.ts", "g.json", "missing.ts", "mod.ts", "nested/h.ts"].map((name) =>
      `plugin/${name}`
    ),
    "shared/c.ts",
  ]);
  assert.equal(moduleRoot(files), dir.path);
});

Deno.test("moduleFiles() takes all sources of a folder, but for packages and hidden folders", async () => {
  await using dir = await tempDir();
  await write(dir.path, {
    "package.json": '{ "main": "main.ts" }',
    "main.ts": "",
    "beside.ts": "",
    "deep/er.tsx": "",
    "data.json": "{}",
    "node_modules/left/index.js": "",
    ".git/hook.js": "",
  });
  const { files } = await moduleFiles(dir.path);
  assert.deepEqual(files.map((each) => each.slice(dir.path.length + 1)), [
    "beside.ts",
    "deep/er.tsx",
    "main.ts",
    "package.json",
  ]);
});

Deno.test("a print changes with the content of a file, with one that comes or goes, and with nothing else", async () => {
  await using dir = await tempDir();
  const module = join(dir.path, "mod.ts");
  await write(dir.path, { "mod.ts": 'import "./a.ts";' });
  const print = async () => (await moduleFiles(module)).print;
  const missing = await print();
  await write(dir.path, { "a.ts": "" });
  const empty = await print();
  await write(dir.path, { "a.ts": "1", "other.ts": "1" });
  const filled = await print();
  assert.equal(new Set([missing, empty, filled]).size, 3);
  await write(dir.path, { "mod.ts": 'import "./a.ts";', "other.ts": "2" });
  assert.equal(await print(), filled);
});

Deno.test("moduleRoot() reaches up to the node_modules that a module's packages come from", async () => {
  await using dir = await tempDir();
  await write(dir.path, { "node_modules/x/index.js": "", "src/deep/mod.ts": "" });
  assert.equal(moduleRoot([join(dir.path, "src/deep/mod.ts")]), dir.path);
});

Deno.test("a module is another one under each fresh address, imports included; messages name the real files", async () => {
  await using dir = await tempDir();
  const module = join(dir.path, "mod.ts");
  const write1 = (doc: string) =>
    write(dir.path, {
      "mod.ts": 'import { doc } from "./doc.ts"; export default { name: "p", doc, setup() {} };',
      "doc.ts": doc,
    });
  await using fresh = new FreshModules();
  const load = async () =>
    (await loadPlugin(module, { address: await fresh.address(await moduleFiles(module)) })).doc;
  await write1('export const doc: string = "one";');
  assert.equal((await loadPlugin(module)).doc, "one");
  await write1('export const doc: string = "two";');
  assert.equal(await load(), "two");
  await write1('export const doc: string = "three";');
  assert.equal(await load(), "three");
  await write1("export const doc = ;");
  const error = await load().then(() => undefined, (cause: unknown) => cause);
  assert.ok(error instanceof Error);
  assert.match(fresh.named(error.message), new RegExp(`file://${dir.path}/doc\\.ts:1:20`));
});
