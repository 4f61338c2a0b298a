import assert from "node:assert/strict";
import manifest from "../../../deno.json" with { type: "json" };
import { main } from "../../../lib/cli/main.ts";
import { fakeIo } from "./fake_io.ts";

async function capstan(...argv: string[]): Promise<string> {
  const { io, said } = fakeIo();
  assert.equal(await main({ argv, plugins: [], io }), 0, said.error);
  return said.out;
}

Deno.test("version names commit, run-time, bus and SQLite", async () => {
  assert.match(
    await capstan("version"),
    new RegExp(
      [
        String.raw`^capstan ${manifest.version.replaceAll(".", "\\.")} \(\w+ \w+\)`,
        String.raw`commit   ([0-9a-f]{40}|unknown)`,
        String.raw`runtime  Deno \d+\.\d+\.\d+, V8 \d+\.\d+\S*`,
        String.raw`bus      @platformatic/kafka \d+\.\d+\.\d+; log in the file, schema \d+`,
        String.raw`SQLite   3\.\d+\.\d+`,
        "$",
      ].join("\n"),
    ),
  );
});

Deno.test("version --json has the same as data", async () => {
  const said = JSON.parse(await capstan("version", "--json"));
  assert.deepEqual(Object.keys(said), ["version", "commit", "platform", "runtime", "bus", "sqlite"]);
  assert.equal(said.version, manifest.version);
  assert.equal(said.runtime.deno, Deno.version.deno);
  assert.equal(`npm:@platformatic/kafka@${said.bus.kafka}`, manifest.imports["@platformatic/kafka"]);
  assert.equal(typeof said.bus.log, "number");
});

Deno.test("--version and -V stay one line with the version alone", async () => {
  for (const flag of ["--version", "-V"]) assert.equal(await capstan(flag), `${manifest.version}\n`);
});
