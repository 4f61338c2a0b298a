import assert from "node:assert/strict";
import { join } from "node:path";
import { npmComponent } from "../../../../lib/cli/inventory/npm_component.ts";
import { tempDir } from "../../../e2e/temp_dir.ts";

const NOTHING_LOCKED = { npm: {} };

/** The component of a folder with these files. */
async function componentOf(
  files: Record<string, string>,
  lock: Parameters<typeof npmComponent>[1] = NOTHING_LOCKED,
) {
  await using dir = await tempDir();
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(dir.path, name), text);
  return await npmComponent(dir.path, lock);
}

function manifest(more: Record<string, unknown>): string {
  return JSON.stringify({ name: "@scope/name", version: "1.0.0", ...more });
}

Deno.test("npmComponent() reads name, version, licence and every file that says something of it", async () => {
  const found = await componentOf({
    "package.json": manifest({ license: "MIT" }),
    "LICENSE.md": "Do as you like.\r\n",
    "NOTICE": "Made by somebody.\n",
    "readme.md": "Not this.",
  });
  assert.deepEqual(found, {
    name: "@scope/name",
    version: "1.0.0",
    license: "MIT",
    purl: "pkg:npm/%40scope/name@1.0.0",
    texts: [{ file: "LICENSE.md", text: "Do as you like." }, { file: "NOTICE", text: "Made by somebody." }],
  });
});

Deno.test("npmComponent() takes the checksum from the lock file, with peers behind the version or without", async () => {
  const files = { "package.json": manifest({ license: "MIT" }) };
  for (const key of ["@scope/name@1.0.0", "@scope/name@1.0.0_ajv@8.20.0"]) {
    const { sha512 } = await componentOf(files, {
      npm: { "@scope/name@1.0.01": { integrity: "sha512-AAAA" }, [key]: { integrity: "sha512-q80=" } },
    });
    assert.equal(sha512, "abcd");
  }
});

Deno.test("npmComponent() reads the ways in which old packages name a licence", async () => {
  const of = async (more: Record<string, unknown>) =>
    (await componentOf({ "package.json": manifest(more) })).license;
  assert.equal(await of({ license: { type: "ISC" } }), "ISC");
  assert.equal(await of({ licenses: [{ type: "MIT" }, { type: "Apache-2.0" }] }), "MIT OR Apache-2.0");
});

Deno.test("npmComponent() refuses a package that names no licence", async () => {
  await assert.rejects(componentOf({ "package.json": manifest({}) }), {
    message: "Cannot list @scope/name 1.0.0: its package.json names no licence; leave it out of the program",
  });
});
