import assert from "node:assert/strict";
import { chat, user } from "../derive/calls.ts";
import { openHarness } from "../derive/deriver_harness.ts";

const README = new URL("../../../../plugins/tapes/README.md", import.meta.url);

Deno.test("the README's SQL runs, and every reason is in its table", async () => {
  const text = await Deno.readTextFile(README);
  const sql = /```sql\n([\s\S]*?)```/.exec(text)?.[1] ?? "";
  const statements = sql.split(";").map((each) => each.trim()).filter((each) => each !== "");
  assert.ok(statements.length >= 4);
  await using harness = await openHarness();
  await harness.derive([chat(1, [user("hello")], "hi")]);
  const head = harness.rows<{ hash: string }>("nodes").at(-1)?.hash;
  const results = statements.map((each) =>
    harness.store.read((db) => db.all(each.replaceAll(":hash", `'${head}'`)))
  );
  assert.equal(results.at(-1)?.length, 2);
  const source = await Deno.readTextFile(new URL("../../../../plugins/tapes/turn.ts", import.meta.url));
  const reasons = /export type NoNodes =([\s\S]*?)\n\n/.exec(source)?.[1]?.match(/"[^"]+"/g) ?? [];
  assert.ok(reasons.length > 5);
  for (const reason of reasons) assert.ok(text.includes(`\`${JSON.parse(reason)}\``), reason);
});
