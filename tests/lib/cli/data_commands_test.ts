import assert from "node:assert/strict";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { main } from "../../../lib/cli/main.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { fakeIo } from "./fake_io.ts";

/** A file with one topic of three partitions. */
async function place() {
  const dir = await Deno.makeTempDir({ prefix: "capstan-cli-" });
  {
    await using store = await openStore({ file: `${dir}/capstan.sqlite` });
    await using local = await openLocalLog(store);
    await local.topics.apply([{ name: "greetings", partitions: 3 }]);
  }
  return {
    dir,
    async capstan(argv: string[], stdin?: string) {
      const { io, said } = fakeIo({ stdin, env: { HOME: dir }, cwd: dir });
      const code = await main({ argv: [...argv, "--config-dir", dir], plugins: [], io });
      return { code, ...said };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

const READ = ["--from-beginning", "--no-follow", "--json"];
const parsed = (out: string) => out.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));

Deno.test("publish and tail: what was published comes back, in order for each key", async () => {
  await using at = await place();
  const lines = Array.from({ length: 1200 }, (_, n) => `k${n % 7}|${n}`).join("\n");
  const published = await at.capstan(["publish", "greetings", "-K", "|", "-H", "from=test"], lines);
  assert.equal(published.code, 0, published.error);
  assert.match(published.error, /published 1,200 records to greetings/);
  const { code, out } = await at.capstan(["tail", "greetings", ...READ]);
  assert.equal(code, 0);
  const records = parsed(out);
  assert.equal(records.length, 1200);
  for (let key = 0; key < 7; key++) {
    const values = records.filter((record) => record.key === `k${key}`).map((record) => record.value);
    assert.deepEqual(values, values.toSorted((a, b) => a - b));
  }
  assert.deepEqual(records[0].headers, [["from", "test"]]);
  assert.deepEqual(
    parsed((await at.capstan(["tail", "greetings", ...READ, "--key", "k3", "-n", "2"])).out).map((r) =>
      r.value
    ),
    [3, 10],
  );
});

Deno.test("tail as a group goes on where it stopped", async () => {
  await using at = await place();
  await at.capstan(["publish", "greetings", "--partition", "1"], "a\nb\nc\n");
  const first = await at.capstan(["tail", "greetings", ...READ, "--group", "g", "-n", "2"]);
  const second = await at.capstan(["tail", "greetings", ...READ, "--group", "g"]);
  assert.deepEqual(parsed(first.out).map((record) => record.value), ["a", "b"], first.error);
  assert.deepEqual(parsed(second.out).map((record) => record.value), ["c"], second.error);
});

Deno.test("publish stops at the first wrong line and says how many it published", async () => {
  await using at = await place();
  const { code, error } = await at.capstan(["publish", "greetings", "-K", ":"], "a:1\nb:2\nwrong\nc:3\n");
  assert.equal(code, 1);
  assert.match(error, /published 2 records/);
  assert.match(error, /line 3/);
  assert.equal(parsed((await at.capstan(["tail", "greetings", ...READ])).out).length, 2);
});

Deno.test("publish and tail name the topics there are where they know none of that name", async () => {
  await using at = await place();
  for (const argv of [["publish", "greeting"], ["tail", "greeting", ...READ]]) {
    const { code, error } = await at.capstan(argv, "x\n");
    assert.equal(code, 1);
    assert.match(error, /topic "greeting".*greetings/);
  }
});

Deno.test("publish refuses a partition the topic does not have", async () => {
  await using at = await place();
  const { code, error } = await at.capstan(["publish", "greetings", "--partition", "3"], "x\n");
  assert.equal(code, 1);
  assert.match(error, /3 partitions, counted from 0/);
});

Deno.test("tail --no-follow alone is wrong usage", async () => {
  await using at = await place();
  assert.equal((await at.capstan(["tail", "greetings", "--no-follow"])).code, 2);
});

Deno.test("status shows topics and how far groups are behind", async () => {
  await using at = await place();
  await at.capstan(["publish", "greetings", "--partition", "0"], "a\nb\nc\n");
  await at.capstan(["tail", "greetings", ...READ, "--group", "g", "-n", "1"]);
  const { code, out, error } = await at.capstan(["status"]);
  assert.equal(code, 0, error);
  assert.match(out, /no agent runs/);
  assert.match(out, /greetings +3 +3 +3\n/);
  assert.match(out, /\bg +2 +greetings\n/);
});

Deno.test("status without a file says how to start", async () => {
  await using at = await place();
  const { code, out } = await at.capstan(["status", "--sqlite", "other.sqlite"]);
  assert.equal(code, 0);
  assert.match(out, /other\.sqlite does not exist yet; start with: capstan run/);
});

Deno.test("publish takes nothing in below store.min_free_disk", async () => {
  await using at = await place();
  await Deno.writeTextFile(`${at.dir}/config.toml`, '[store]\nmin_free_disk = "900000GB"\n');
  const { code, error } = await at.capstan(["publish", "greetings"], "a\n");
  assert.equal(code, 1);
  assert.match(error, /Cannot publish: \d+ bytes of disk are free, below store.min_free_disk/);
  assert.equal(parsed((await at.capstan(["tail", "greetings", ...READ])).out).length, 0);
});
