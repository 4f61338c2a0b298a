import assert from "node:assert/strict";
import type { Migration } from "../../../lib/store/contract.ts";
import { StoreError } from "../../../lib/store/error.ts";
import type { SqliteStore } from "../../../lib/store/sqlite_store.ts";
import { TempStore } from "./temp_store.ts";

const steps: readonly Migration[] = [
  { version: 1, name: "table", up: (tx) => tx.run("CREATE TABLE t (x)") },
  { version: 2, name: "row", up: (tx) => tx.run("INSERT INTO t VALUES (1)") },
];

function applied(store: SqliteStore) {
  return store.read((db) =>
    db.all("SELECT owner, version, name FROM capstan_migrations ORDER BY owner, version")
  )
    .map((row) => `${row.owner} ${row.version} ${row.name}`);
}

Deno.test("migrate() applies each step once, in order, per owner", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.migrate("one", steps.slice(0, 1));
  await store.migrate("one", steps);
  await store.migrate("one", steps);
  await store.migrate("two", []);
  assert.deepEqual(applied(store), ["one 1 table", "one 2 row"]);
  assert.equal(store.read((db) => db.all("SELECT x FROM t")).length, 1);
});

Deno.test("migrate() by several processes at once applies each step once", async () => {
  await using temp = new TempStore();
  const stores = await Promise.all(Array.from({ length: 4 }, () => temp.open()));
  await Promise.all(stores.map((store) => store.migrate("one", steps)));
  assert.deepEqual(applied(stores[3]!), ["one 1 table", "one 2 row"]);
});

Deno.test("migrate() rolls back a step that fails, and goes on from there the next time", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  let fails = true;
  const shaky: Migration = {
    version: 2,
    name: "shaky",
    up(tx) {
      tx.run("INSERT INTO t VALUES (1)");
      if (fails) throw new RangeError("not yet");
    },
  };
  await assert.rejects(store.migrate("one", [steps[0]!, shaky]), RangeError);
  fails = false;
  await store.migrate("one", [steps[0]!, shaky]);
  assert.deepEqual(applied(store), ["one 1 table", "one 2 shaky"]);
  assert.equal(store.read((db) => db.all("SELECT x FROM t")).length, 1);
});

Deno.test("migrate() refuses a file of a newer program, and steps that are not numbered in order", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.migrate("one", steps);
  await assert.rejects(store.migrate("one", steps.slice(0, 1)), (error: unknown) => {
    assert.ok(error instanceof StoreError);
    assert.match(error.message, /tables of one have version 2, this program knows 1; use the newer program/);
    return true;
  });
  await assert.rejects(store.migrate("two", steps.slice(1)), RangeError);
});
