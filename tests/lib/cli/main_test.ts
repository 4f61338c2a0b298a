import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import { fakeIo } from "./fake_io.ts";

async function capstan(...argv: string[]) {
  const { io, said } = fakeIo();
  const code = await main({ argv, plugins: [], io });
  return { code, ...said };
}

Deno.test("main() without arguments prints the help and ends with 0", async () => {
  const { code, out, error } = await capstan();
  assert.equal(code, 0);
  assert.match(out, /^Usage: capstan /);
  assert.match(out, /Examples:\n {2}capstan run/);
  assert.equal(error, "");
});

Deno.test("main() refuses an unknown command with 2 and names the nearest one", async () => {
  const { code, out, error } = await capstan("verson");
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(error, /unknown command 'verson'\n\(Did you mean version\?\)/);
});

Deno.test("main() refuses an unknown flag with 2 and says where help is", async () => {
  const { code, error } = await capstan("version", "--dbug");
  assert.equal(code, 2);
  assert.match(error, /unknown option '--dbug'/);
  assert.match(error, /capstan version --help/);
});

Deno.test("main() refuses superfluous arguments with 2", async () => {
  assert.equal((await capstan("version", "now")).code, 2);
});

Deno.test("main() prints a group's help on stderr with 2 where its command is missing", async () => {
  const { code, out, error } = await capstan("config");
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(error, /Usage: capstan config/);
});

Deno.test("main() prints the version", async () => {
  assert.match((await capstan("version")).out, /^capstan \d+\.\d+\.\d+ /);
  assert.match((await capstan("--version")).out, /^\d+\.\d+\.\d+\n$/);
});

Deno.test("main() ends quietly with 0 when nobody reads its output", async () => {
  const { io, said } = fakeIo({ closedAfter: 0 });
  assert.equal(await main({ argv: ["--help"], plugins: [], io }), 0);
  assert.deepEqual(said, { out: "", error: "" });
});
