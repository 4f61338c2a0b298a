import assert from "node:assert/strict";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { Connection } from "../../../lib/store/connection.ts";
import { TempStore } from "./temp_store.ts";

/** Tables and rows as tapes v0.1.1 leaves them, in a rollback journal. */
const TAPES: readonly string[] = [
  `CREATE TABLE nodes (hash TEXT PRIMARY KEY, bucket BLOB, type TEXT, role TEXT, content BLOB, model TEXT, provider TEXT,
    agent_name TEXT, stop_reason TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER,
    cache_creation_input_tokens INTEGER, cache_read_input_tokens INTEGER, total_duration_ns INTEGER,
    prompt_duration_ns INTEGER, project TEXT, created_at DATETIME NOT NULL,
    parent_hash TEXT REFERENCES nodes (hash) ON DELETE SET NULL)`,
  "CREATE INDEX node_parent_hash ON nodes (parent_hash)",
  "CREATE TABLE facets (id TEXT PRIMARY KEY, session_id TEXT UNIQUE, facets BLOB, created_at DATETIME)",
  "CREATE TABLE schema_migrations (version INTEGER UNIQUE, applied_at DATETIME)",
  "INSERT INTO schema_migrations VALUES (1, '2026-11-20 23:16:26.54295691+00:00')",
  `INSERT INTO nodes (hash, bucket, role, created_at) VALUES ('root', x'7b7d', 'user', '2026-11-20 23:16:26.5+00:00')`,
  `INSERT INTO nodes (hash, bucket, role, created_at, parent_hash)
    VALUES ('leaf', x'7b7d', 'assistant', '2026-11-20 23:16:27.5+00:00', 'root')`,
];

function contents(file: string) {
  using connection = new Connection({ file });
  const tables = ["nodes", "facets", "schema_migrations"];
  return {
    schema: connection.all(
      "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name IN (?, ?, ?) ORDER BY name",
      ...tables,
    ),
    rows: tables.map((table) => connection.all(`SELECT * FROM ${table} ORDER BY 1`)),
    intact: connection.get("PRAGMA integrity_check"),
  };
}

Deno.test("a file of tapes opens in place; its tables stay as they were, and another program reads them after us", async () => {
  await using temp = new TempStore();
  {
    using tapes = new Connection({ file: temp.file });
    for (const sql of TAPES) tapes.run(sql);
  }
  await Deno.chmod(temp.file, 0o644);
  const before = contents(temp.file);
  const store = await temp.open();
  const log = await openLocalLog(store);
  await log.topics.apply([{ name: "tapes.nodes.v1", partitions: 6 }]);
  await log.send([{ topic: "tapes.nodes.v1", value: null }]);
  assert.equal(store.read((db) => db.all("SELECT hash FROM nodes")).length, 2);
  // While we have it open, too.
  assert.deepEqual(contents(temp.file), before);
  await log.close();
  await store.close();
  assert.deepEqual(contents(temp.file), before);
  assert.equal((Deno.statSync(temp.file).mode ?? 0) & 0o777, 0o644);
});

Deno.test("foreign keys act as tapes declared them", async () => {
  await using temp = new TempStore();
  {
    using tapes = new Connection({ file: temp.file });
    for (const sql of TAPES) tapes.run(sql);
  }
  const store = await temp.open();
  await store.write((tx) => tx.run("DELETE FROM nodes WHERE hash = 'root'"));
  assert.deepEqual(
    store.read((db) => db.all("SELECT hash, parent_hash FROM nodes")).map((row) => ({ ...row })),
    [{ hash: "leaf", parent_hash: null }],
  );
});
