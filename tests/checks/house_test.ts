import assert from "node:assert/strict";
import { source, sources } from "./imports.ts";

const root = new URL("../../", import.meta.url);

Deno.test("no source file is longer than 500 lines", async () => {
  const long: string[] = [];
  for (const path of await sources()) {
    const lines = (await source(path)).split("\n").length;
    if (lines > 500) long.push(`${path}: ${lines} lines`);
  }
  assert.deepEqual(long, []);
});

Deno.test("only mod.ts re-exports everything of a file", async () => {
  const barrels: string[] = [];
  for (const path of await sources()) {
    if (!path.endsWith("mod.ts") && /^export (type )?\*/m.test(await source(path))) barrels.push(path);
  }
  assert.deepEqual(barrels, []);
});

Deno.test("JSON is read by readJson() alone: JSON.parse() takes some keys for others", async () => {
  const others: string[] = [];
  for (const path of await sources()) {
    if (!/^(lib|plugins)\//.test(path) || path === "lib/json/read_json.ts") continue;
    if (/\bJSON\.parse\b/.test(await source(path))) others.push(path);
  }
  assert.deepEqual(others, []);
});

Deno.test("every folder of plugins has a README and a default export", async () => {
  for await (const entry of Deno.readDir(new URL("plugins/", root))) {
    if (!entry.isDirectory) continue;
    const folder = new URL(`plugins/${entry.name}/`, root);
    assert.ok((await Deno.stat(new URL("README.md", folder))).isFile, `plugins/${entry.name}/README.md`);
    assert.match(await Deno.readTextFile(new URL("mod.ts", folder)), /^export default /m);
  }
});

Deno.test("the top level holds what the layout names and nothing else", async () => {
  const agreed =
    /^(main\.ts|mod\.ts|plugins|lib|tests|deno\.json|deno\.lock|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|dist|coverage|node_modules|\..*)$/;
  const strange: string[] = [];
  for await (const entry of Deno.readDir(root)) if (!agreed.test(entry.name)) strange.push(entry.name);
  assert.deepEqual(strange, []);
});

Deno.test("every package of deno.json has a line in README's table of dependencies", async () => {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const readme = await Deno.readTextFile(new URL("README.md", root));
  const missing = Object.entries<string>(imports).filter(([name, target]) =>
    target.startsWith("npm:") && !readme.includes(`\`${name}\``)
  );
  assert.deepEqual(missing.map(([name]) => name), []);
});
