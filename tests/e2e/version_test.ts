import assert from "node:assert/strict";
import { capstan } from "./capstan.ts";

Deno.test("version names the commit it was made from, Deno, the Kafka client and SQLite", async () => {
  const { code, out, error } = await capstan({ args: ["version"] });
  assert.deepEqual([code, error], [0, ""]);
  assert.match(
    out,
    /^capstan \d\S* \(\w+ \w+\)\ncommit +([0-9a-f]{40}(-dirty)?|unknown)\nruntime +Deno 2\S+, V8 .+\nbus .+kafka 2.+\nSQLite +3\..+\n$/,
  );
  const json = JSON.parse((await capstan({ args: ["version", "--json"] })).out);
  assert.ok(out.includes(json.commit), json.commit);
});

Deno.test("--version is one line", async () => {
  const { code, out } = await capstan({ args: ["--version"] });
  assert.equal(code, 0);
  assert.match(out, /^\d+\.\d+\.\d+\S*\n$/);
});
