import assert from "node:assert/strict";
import { main } from "../../../lib/cli/main.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { fakeIo } from "./fake_io.ts";

const broken: Plugin = {
  name: "broken",
  config: { colour: { type: "string", default: "red", doc: "Of what it paints." } },
  setup() {
    throw new Error("boom");
  },
};

function withCommand(name: string, path: string): Plugin {
  return { name, setup: (ctx) => ctx.command({ path, doc: `Of ${name}`, run: () => Promise.resolve() }) };
}

const plugins = [
  broken,
  withCommand("fine", "paint"),
  withCommand("double", "paint"),
  withCommand("own", "run"),
];

async function capstan(...argv: string[]) {
  const { io, said } = fakeIo();
  const code = await main({ argv, plugins, io });
  return { code, ...said };
}

const LEFT_OUT = [
  /^warning: the plugin broken is left out here: Cannot set up plugin broken: boom; /m,
  /^warning: the plugin double is left out here: .*"?paint/m,
  /^warning: the plugin own is left out here: Cannot add command "run": there is one of that name; rename/m,
];

for (const argv of [["--help"], ["help", "paint"], ["paint", "--help"], ["man"]]) {
  Deno.test(`capstan ${argv.join(" ")} works without plugins that can't be set up, and names them`, async () => {
    const { code, out, error } = await capstan(...argv);
    assert.equal(code, 0);
    assert.match(out, /paint/);
    for (const line of LEFT_OUT) assert.match(error, line);
    assert.equal(error.trimEnd().split("\n").length, 3);
  });
}

Deno.test("capstan says of a command it doesn't know which plugins it left out", async () => {
  const { code, out, error } = await capstan("tint");
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(error, /unknown command 'tint'/);
  for (const line of LEFT_OUT) assert.match(error, line);
});

Deno.test("capstan run --help leaves nobody out: it needs no plugin's commands", async () => {
  const { code, out, error } = await capstan("run", "--help");
  assert.equal(code, 0);
  assert.match(out, /--broken-colour/);
  assert.equal(error, "");
});
