import assert from "node:assert/strict";
import { join } from "node:path";
import { embeddedPackages } from "../../.ci/compile/embedded_packages.ts";
import { tempDir } from "../e2e/temp_dir.ts";

/** A folder of sources with a cache of packages beside it, and what was bundled of them. */
async function packagesOf(files: Record<string, string>): Promise<string[]> {
  await using dir = await tempDir();
  const all: Record<string, string> = {
    "root/deno.lock": `{ "npm": {} }`,
    "cache/npm/registry/one/1.0.0/package.json": `{ "name": "one", "version": "1.0.0", "license": "MIT" }`,
    "cache/npm/registry/one/1.0.0/LICENSE": "Do as you like.",
    "cache/npm/registry/@scope/two/2.0.0-rc.1/package.json":
      `{ "name": "@scope/two", "version": "2.0.0-rc.1", "license": "ISC" }`,
    "cache/npm/registry/@scope/two/2.0.0-rc.1/license.md": "Do as you like.",
    "cache/npm/registry/silent/3.0.0/package.json":
      `{ "name": "silent", "version": "3.0.0", "license": "MIT" }`,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    await Deno.mkdir(join(dir.path, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(dir.path, path), text);
  }
  const bundled = Object.keys(files).map((path) => path.replace("bundle/", ""));
  const found = await embeddedPackages(join(dir.path, "root"), {
    folder: join(dir.path, "bundle"),
    files: bundled,
    wasm: join(dir.path, "cache/npm/registry/one/1.0.0/dist/native.wasm"),
  });
  return found.map(({ name, version }) => `${name}@${version}`);
}

Deno.test("embeddedPackages() lists each package that a file of the bundle has a module of, once", async () => {
  const found = await packagesOf({
    "bundle/main.js": "// lib/cli/main.ts\n// ../cache/npm/registry/one/1.0.0/index.js\n1;\n",
    "bundle/chunk.js":
      "// ../cache/npm/registry/@scope/two/2.0.0-rc.1/a.js\n// ../cache/npm/registry/one/1.0.0/lib/b.js\n",
    "bundle/notes.txt": "// ../cache/npm/registry/silent/3.0.0/a.js\n",
  });
  assert.deepEqual(found, ["@scope/two@2.0.0-rc.1", "one@1.0.0"]);
});

Deno.test("embeddedPackages() fails where the bundler marked nothing, and for a package without a licence's text", async () => {
  await assert.rejects(packagesOf({ "bundle/main.js": "// lib/cli/main.ts\n" }), /the bundler marked none/);
  await assert.rejects(
    packagesOf({ "bundle/main.js": "// ../cache/npm/registry/silent/3.0.0/a.js\n" }),
    /Cannot pass on silent: no file of the package holds its licence/,
  );
});
