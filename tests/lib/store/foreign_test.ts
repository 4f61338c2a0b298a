import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../../lib/store/open_store.ts";
import { StoreError } from "../../../lib/store/error.ts";
import { TempStore } from "./temp_store.ts";

const REFUSED =
  /Cannot use store .*: it is another program's \(it has a table "invoices", .*give another file/;

/** Every file of a folder, byte for byte; the shared memory beside a WAL is nobody's data. */
function bytesOf(folder: string): Record<string, string> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
    !name.endsWith("-shm")
  );
  return Object.fromEntries(
    names.sort().map((name) => [name, Deno.readFileSync(`${folder}/${name}`).toBase64()]),
  );
}

function isRefusal(error: unknown): boolean {
  return error instanceof StoreError && REFUSED.test(error.message);
}

for (const mode of ["DELETE", "WAL"]) {
  Deno.test(`openStore() leaves another program's file with journal ${mode} as it is, to the byte`, async () => {
    await using temp = new TempStore();
    const theirs = new DatabaseSync(temp.file);
    theirs.exec(`PRAGMA journal_mode = ${mode}; CREATE TABLE invoices (id); INSERT INTO invoices VALUES (1)`);
    theirs.close();
    const before = bytesOf(temp.folder);
    await assert.rejects(openStore({ file: temp.file }), isRefusal);
    assert.deepEqual(bytesOf(temp.folder), before);
  });
}

Deno.test("openStore() leaves a WAL that another program's crash left as it is", async () => {
  await using temp = new TempStore();
  const file = `${temp.folder}/theirs.sqlite`;
  {
    using theirs = new DatabaseSync(temp.file);
    theirs.exec("PRAGMA journal_mode = WAL; CREATE TABLE invoices (id); INSERT INTO invoices VALUES (1)");
    for (const end of ["", "-wal"]) Deno.copyFileSync(temp.file + end, file + end);
  }
  const before = bytesOf(temp.folder);
  await assert.rejects(openStore({ file }), isRefusal);
  assert.deepEqual(bytesOf(temp.folder), before);
});

Deno.test("openStore() takes a file without tables, and one of tapes", async () => {
  await using temp = new TempStore();
  new DatabaseSync(temp.file).close();
  await (await openStore({ file: temp.file })).close();
  const file = `${temp.folder}/tapes.sqlite`;
  {
    using tapes = new DatabaseSync(file);
    tapes.exec("CREATE TABLE facets (id); CREATE TABLE nodes (hash)");
  }
  await (await openStore({ file })).close();
});
