import assert from "node:assert/strict";
import { diskSpace } from "../../../lib/store/disk_space.ts";
import { StoreError } from "../../../lib/store/error.ts";
import { giveBackFreePages } from "../../../lib/store/free_pages.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { holdWriteLock } from "../../../lib/testing/store_faults.ts";
import { TempStore } from "./temp_store.ts";

async function refused(opening: Promise<unknown>, failure: string, says: RegExp) {
  await assert.rejects(opening, (error: unknown) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.failure, failure);
    assert.match(error.message, says);
    return true;
  });
}

Deno.test("openStore() makes folders of 0700 and files of 0600", async () => {
  await using temp = new TempStore();
  const file = `${temp.folder}/a/b/c.sqlite`;
  const store = await temp.open({ file });
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
  const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
  assert.deepEqual(["", "-wal", "-shm"].map((end) => mode(file + end)), [0o600, 0o600, 0o600]);
  assert.deepEqual([`${temp.folder}/a`, `${temp.folder}/a/b`].map(mode), [0o700, 0o700]);
});

Deno.test("openStore() uses WAL, foreign keys, and NORMAL or with powerSafe FULL", async () => {
  await using temp = new TempStore();
  for (const [powerSafe, synchronous] of [[false, 1], [true, 2]] as const) {
    const store = await temp.open({ powerSafe });
    const found = await store.write((tx) => [
      tx.get("PRAGMA journal_mode")?.journal_mode,
      tx.get("PRAGMA foreign_keys")?.foreign_keys,
      tx.get("PRAGMA synchronous")?.synchronous,
    ]);
    assert.deepEqual(found, ["wal", 1, synchronous]);
  }
});

Deno.test("openStore() names what is wrong with a file it can't use", async () => {
  await using temp = new TempStore();
  await Deno.writeTextFile(temp.file, "These are notes, and no database at all.\n".repeat(100));
  await refused(
    openStore({ file: temp.file }),
    "corrupt",
    /Cannot open store .*capstan.sqlite: file is not a database; /,
  );
  await refused(openStore({ file: temp.file, readOnly: true }), "corrupt", /not a database/);
  await refused(openStore({ file: temp.folder }), "readonly", /is a folder/);
  await refused(openStore({ file: `${temp.file}/x.sqlite` }), "readonly", /Cannot open store .*ENOTDIR/);
  const missing = `${temp.folder}/none/x.sqlite`;
  await refused(openStore({ file: missing, create: false }), "readonly", /no such file/);
  await refused(openStore({ file: missing, readOnly: true }), "readonly", /no such file/);
  assert.equal(Deno.readTextFileSync(temp.file).slice(0, 9), "These are");
});

Deno.test("openStore() for reading only refuses writes and sees what others commit", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
  const reader = await temp.open({ readOnly: true });
  await store.write((tx) => tx.run("INSERT INTO t VALUES (1)"));
  assert.equal(reader.read((db) => db.get<{ x: number }>("SELECT x FROM t"))?.x, 1);
  await refused(reader.write((tx) => tx.run("DELETE FROM t")), "readonly", /for reading only/);
  assert.throws(() => reader.checkpoint(), StoreError);
});

Deno.test("openStore() opens a file whose write lock another process holds", async () => {
  await using temp = new TempStore();
  await (await temp.open()).write((tx) => tx.run("CREATE TABLE nodes (x)"));
  using _lock = holdWriteLock(temp.file);
  const store = await temp.open({ lockWaitMs: 1_000 });
  assert.deepEqual(store.read((db) => db.all("SELECT x FROM nodes")), []);
});

Deno.test("checkpoint() copies the WAL into the file", async () => {
  await using temp = new TempStore();
  const store = await temp.open({ checkpoints: "elsewhere" });
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
  await store.write((tx) => tx.run("INSERT INTO t VALUES (?)", new Uint8Array(8 << 20)));
  assert.ok(Deno.statSync(temp.file).size < 1 << 20);
  const { walPages, copiedPages, restarted } = store.checkpoint();
  assert.ok(walPages > 2_000);
  assert.equal(copiedPages, walPages);
  assert.equal(restarted, false);
  assert.ok(Deno.statSync(temp.file).size > 8 << 20);
});

Deno.test("checkpoint() has a WAL of more than 64 MiB begun anew, but not while a reader needs it", async () => {
  await using temp = new TempStore();
  const store = await temp.open({ checkpoints: "elsewhere" });
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
  for (let i = 0; i < 2; i++) {
    await store.write((tx) => tx.run("INSERT INTO t VALUES (zeroblob(36000000))"));
  }
  const size = () => Deno.statSync(`${temp.file}-wal`).size;
  const grown = size();
  store.read((db) => {
    db.get("SELECT 1 FROM t");
    assert.equal(store.checkpoint().restarted, false);
  });
  assert.equal(store.checkpoint().restarted, true);
  await store.write((tx) => tx.run("INSERT INTO t VALUES (1)"));
  assert.equal(size(), grown);
});

Deno.test("giveBackFreePages() makes a file smaller where it is mostly free, and leaves it alone otherwise", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
  await store.write((tx) => tx.run("INSERT INTO t VALUES (zeroblob(80000000))"));
  assert.equal(await giveBackFreePages(store), 0);
  await store.write((tx) => tx.run("DELETE FROM t"));
  assert.equal(await giveBackFreePages(store, { maxPages: 700 }), 700);
});

Deno.test("diskSpace() tells the free bytes of the disk, of a file that is not there yet too", async () => {
  assert.ok(await diskSpace(`${Deno.cwd()}/none.sqlite`) > 0);
  await assert.rejects(diskSpace("/none/at/all/x.sqlite"), /Cannot measure free space of \/none\/at\/all/);
});
