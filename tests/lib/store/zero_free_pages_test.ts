import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { openStore } from "../../../lib/store/open_store.ts";
import { zeroFreePages } from "../../../lib/store/zero_free_pages.ts";

Deno.test("zeroFreePages() leaves nothing of what was deleted before, and all of what was not", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-zeros-" });
  const file = join(folder, "t.sqlite");
  const holds = async (text: string) => Buffer.from(await Deno.readFile(file)).includes(text);
  try {
    await using store = await openStore({ file });
    await store.write((tx) => {
      tx.run("CREATE TABLE nodes (text TEXT)");
      for (let row = 0; row < 1_000; row++) {
        tx.run("INSERT INTO nodes VALUES (?)", `${row % 2 ? "gone" : "kept"} ${row} `.repeat(500));
      }
    });
    await store.write((tx) => tx.run("DELETE FROM nodes WHERE text LIKE 'gone%'"));
    assert.ok(store.truncateWal());
    assert.ok(await holds("gone 501"), "the test shows nothing otherwise");
    await using erasing = await openStore({ file, erasing: true });
    const steps: number[] = [];
    const pages = await zeroFreePages(erasing, { onStep: (done) => Promise.resolve(void steps.push(done)) });
    assert.ok(erasing.truncateWal());
    assert.deepEqual([pages > 500, steps.at(-1)], [true, pages]);
    assert.ok(!await holds("gone "));
    assert.ok(await holds("kept 500"));
    assert.equal(
      erasing.read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'capstan_zeros'")),
      undefined,
    );
    assert.equal(erasing.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM nodes"))?.n, 500);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
