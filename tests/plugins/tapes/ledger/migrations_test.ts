import assert from "node:assert/strict";
import { openHarness } from "../derive/deriver_harness.ts";
import { goldenCall, goldenCase } from "../golden.ts";
import { goldenNodes, writeTapesFile } from "../tapes_file.ts";

Deno.test("a file that tapes wrote opens in place, is gone on with, and keeps what tapes has in it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "capstan-place-" });
  try {
    const file = `${folder}/tapes.sqlite`;
    const golden = goldenCase("03");
    const [first] = golden.steps;
    assert.ok(first);
    const known = goldenNodes();
    await writeTapesFile(file, known.slice(0, -2));
    await using harness = await openHarness({ file });
    for (const step of golden.steps) await harness.derive([goldenCall(golden, step)]);
    // All nodes of this case were in the file: nothing new, and each call has its row.
    assert.equal(harness.rows("nodes").length, known.length - 2);
    assert.equal(harness.rows("turns").length, golden.steps.length);
    assert.deepEqual(harness.rows<{ version: number }>("schema_migrations").map(({ version }) => version), [
      1,
    ]);
    const indexes = harness.store.read((db) =>
      db.all<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'nodes'")
    );
    assert.ok(indexes.length >= 8);
    // What tapes asks of its file.
    assert.deepEqual(
      harness.store.read((db) =>
        db.get("SELECT coalesce(max(version), 0) AS v, count(*) AS n FROM schema_migrations")
      ),
      Object.assign(Object.create(null), { v: 1, n: 1 }),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a new file has tapes' tables, no index on nodes beside its key, and the read views", async () => {
  await using harness = await openHarness();
  const golden = goldenCase("37");
  for (const step of golden.steps) await harness.derive([goldenCall(golden, step)]);
  const names = harness.store.read((db) =>
    db.all<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE tbl_name = 'nodes' AND type = 'index' AND sql IS NOT NULL",
    )
  );
  assert.deepEqual(names.map(({ name }) => name), []);
  const [turn] = harness.store.read((db) =>
    db.all<Record<string, unknown>>(
      "SELECT system, duration_ms, started_at, total_tokens FROM tapes_turns_v1",
    )
  );
  assert.deepEqual({ ...turn }, {
    system: '"You are terse."',
    duration_ms: 2,
    started_at: "2025-11-20T23:06:40.000Z",
    total_tokens: 30,
  });
  const kinds = harness.store.read((db) =>
    db.all("SELECT DISTINCT typeof(bucket) AS b, typeof(content) AS c FROM nodes")
  );
  assert.deepEqual(kinds.map((kind) => ({ ...kind })), [{ b: "blob", c: "blob" }]);
  const nodes = harness.store.read((db) =>
    db.all<Record<string, unknown>>("SELECT role, content FROM tapes_nodes_v1")
  );
  assert.deepEqual(nodes.map((node) => ({ ...node })), [
    { role: "user", content: '[{"text":"Hello","type":"text"}]' },
    { role: "assistant", content: '[{"text":"Hi.","type":"text"}]' },
  ]);
});
