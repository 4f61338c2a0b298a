import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { main } from "../../../lib/cli/main.ts";
import { fakeIo } from "./fake_io.ts";

const people: Plugin = {
  name: "crm",
  setup(ctx) {
    const schema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] };
    ctx.topic({ name: "people", partitions: 1 }, { schema });
    ctx.topic({ name: "notes", partitions: 1 });
  },
};

/** An empty folder. */
async function place() {
  const dir = await Deno.makeTempDir({ prefix: "capstan-cli-" });
  return {
    dir,
    async capstan(line: string, stdin = "") {
      const { io, said } = fakeIo({ stdin, env: { HOME: dir }, cwd: dir });
      const code = await main({ argv: [...line.split(" "), "--config-dir", dir], plugins: [people], io });
      return { code, ...said };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

const READ = "--from-beginning --no-follow";

Deno.test("publish refuses a line that does not match the topic's schema, and sends nothing of it", async () => {
  await using at = await place();
  const lines = '{"name":"Ada"}\n\n{"name":"Grace"}\n{"name":7}\n{"name":"Joan"}\n';
  const { code, error } = await at.capstan("publish people", lines);
  assert.equal(code, 1);
  assert.match(error, /^published 2 records to people$/m);
  assert.match(error, /^error: Cannot publish line 4 to people: value\/name must be string$/m);
  const { out } = await at.capstan(`tail people ${READ}`);
  assert.equal(out.split("\n").length, 3, out);
  assert.match((await at.capstan("publish people", "{\n")).error, /line 1 to people: the value is no JSON: /);
});

Deno.test("publish knows a renamed topic's schema by either name", async () => {
  await using at = await place();
  await Deno.writeTextFile(`${at.dir}/config.toml`, '[topics.people]\nname = "prod-people"\n');
  for (const name of ["people", "prod-people"]) {
    const { code, error } = await at.capstan(`publish ${name}`, "{}\n");
    assert.equal(code, 1);
    assert.match(error, /Cannot publish line 1 to prod-people: value must have required property 'name'/);
  }
});

Deno.test("publish checks nothing where the topic has no schema", async () => {
  await using at = await place();
  assert.equal((await at.capstan("publish notes", "no json\n")).code, 0);
});

Deno.test("publish of a topic that is missing names --create, which makes it", async () => {
  await using at = await place();
  const missing = await at.capstan("publish greetings", "hello\n");
  assert.equal(missing.code, 1);
  assert.match(missing.error, /topic "greetings".*it has notes, people; --create makes it/);
  const made = await at.capstan("publish greetings --create --partitions 3", "hello\n");
  assert.deepEqual([made.code, made.error], [
    0,
    "created greetings with 3 partitions\npublished 1 record to greetings\n",
  ]);
  const again = await at.capstan("publish greetings --create", "hello\n");
  assert.deepEqual([again.code, again.error], [0, "published 1 record to greetings\n"]);
  assert.equal((await at.capstan("publish greetings --partitions 3", "hello\n")).code, 2);
});

Deno.test("publish --create says that an undeclared topic does not go to Kafka", async () => {
  await using at = await place();
  await Deno.writeTextFile(`${at.dir}/config.toml`, '[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n');
  const { code, error } = await at.capstan("publish greetings --create", "hello\n");
  assert.equal(code, 0, error);
  assert.match(error, /^created greetings with 1 partition; no plugin declares it, so it stays in this file/);
});
