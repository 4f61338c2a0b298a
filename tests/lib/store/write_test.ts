import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { SqlValue, Transaction } from "../../../lib/store/contract.ts";
import { StoreError } from "../../../lib/store/error.ts";
import { fillDisk, holdWriteLock } from "../../../lib/testing/store_faults.ts";
import { TempStore } from "./temp_store.ts";

const table = (tx: Transaction) => tx.run("CREATE TABLE nodes (x PRIMARY KEY, y)");
const insert = (x: SqlValue) => (tx: Transaction) => tx.run("INSERT INTO nodes (x) VALUES (?)", x).changes;

function failure(expected: string) {
  return (error: unknown) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.equal(error.failure, expected, error.message);
    assert.match(error.message, /^Cannot .+: .+/);
    return true;
  };
}

Deno.test("write() resolves with what its work returns, once it is committed", async () => {
  await using temp = new TempStore();
  const [store, other] = [await temp.open(), await temp.open()];
  await store.write(table);
  assert.equal(await store.write(insert("a")), 1);
  assert.equal(other.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM nodes"))?.n, 1);
});

Deno.test("write() commits what one turn of the event loop asks for together, in order", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  let commits = 0;
  store.onCommit(() => commits++);
  await Promise.all(Array.from({ length: 100 }, (_, i) => store.write(insert(i))));
  assert.equal(commits, 1);
  assert.deepEqual(
    store.read((db) => db.all<{ x: number }>("SELECT x FROM nodes ORDER BY rowid")).map(({ x }) => x),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

Deno.test("write() bounds one commit by works and by bytes", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  let commits = 0;
  store.onCommit(() => commits++);
  await Promise.all(Array.from({ length: 600 }, (_, i) => store.write(insert(i))));
  assert.equal(commits, 3);
  const megabyte = (i: number) => (tx: Transaction) =>
    tx.run("INSERT INTO nodes VALUES (?, ?)", `big ${i}`, new Uint8Array(1 << 20));
  await Promise.all(Array.from({ length: 8 }, (_, i) => store.write(megabyte(i))));
  assert.equal(commits, 5);
});

Deno.test("write() rolls back the work that throws, and it alone", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  const results = await Promise.allSettled([
    store.write(insert("a")),
    store.write((tx) => {
      insert("lost")(tx);
      throw new RangeError("no");
    }),
    store.write(insert("a")),
    store.write(insert("b")),
  ]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "rejected", "fulfilled"]);
  assert.ok(results[1]?.status === "rejected" && results[1].reason instanceof RangeError);
  assert.ok(results[2]?.status === "rejected" && failure("constraint")(results[2].reason));
  await assert.rejects(
    store.write((tx) => {
      insert("alone")(tx);
      throw new RangeError("no");
    }),
    RangeError,
  );
  assert.deepEqual(
    store.read((db) => db.all<{ x: string }>("SELECT x FROM nodes ORDER BY x")).map(({ x }) => x),
    ["a", "b"],
  );
});

Deno.test("write() stores each of many works once, in order, though every seventh throws", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  let runs = 0;
  const results = await Promise.allSettled(Array.from({ length: 300 }, (_, i) =>
    store.write((tx) => {
      runs++;
      insert(i)(tx);
      if (i % 7 === 3) throw new RangeError(`${i}`);
      return i;
    })));
  assert.ok(runs < 700, `${runs} runs`);
  results.forEach((result, i) => {
    if (i % 7 !== 3) assert.deepEqual(result, { status: "fulfilled", value: i });
    else assert.equal(result.status === "rejected" && result.reason.message, `${i}`);
  });
  assert.deepEqual(
    store.read((db) => db.all<{ x: number }>("SELECT x FROM nodes ORDER BY rowid")).map(({ x }) => x),
    Array.from({ length: 300 }, (_, i) => i).filter((i) => i % 7 !== 3),
  );
});

Deno.test("write() fails for a work that hides a full disk, and lets nothing after it slip out of the transaction", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  await using _full = await fillDisk(store);
  const hiding = store.write((tx) => {
    try {
      tx.run("INSERT INTO nodes VALUES ('big', zeroblob(1048576))");
    } catch (error) {
      assert.ok(error instanceof StoreError);
    }
  });
  const small = store.write(insert("small"));
  await assert.rejects(hiding, /rolled the transaction back/);
  await small;
  assert.deepEqual(store.read((db) => db.all<{ x: string }>("SELECT x FROM nodes")).map(({ x }) => x), [
    "small",
  ]);
});

Deno.test("write() fails where the commit fails, stores nothing of it, and works again", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  await store.write((tx) => tx.run("CREATE TABLE children (of REFERENCES nodes (x))"));
  const results = await Promise.allSettled([
    store.write(insert("a")),
    store.write((tx) => {
      // Only the commit looks at what it refers to.
      tx.run("PRAGMA defer_foreign_keys = ON");
      tx.run("INSERT INTO children VALUES ('nobody')");
    }),
  ]);
  for (const result of results) {
    assert.ok(result.status === "rejected");
    failure("constraint")(result.reason);
  }
  await store.write(insert("b"));
  assert.deepEqual(store.read((db) => db.all("SELECT x FROM nodes")).map(({ x }) => x), ["b"]);
});

Deno.test("write() inside a work belongs to the next commit", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  let inner: Promise<number> | undefined;
  await assert.rejects(
    store.write(() => {
      inner = store.write(insert("inner"));
      throw new RangeError("outer");
    }),
    RangeError,
  );
  assert.equal(await inner, 1);
});

Deno.test("write() waits for another's lock without blocking the thread", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  const lock = holdWriteLock(temp.file);
  let done = false;
  const writing = store.write(insert("a")).then(() => done = true);
  for (let turns = 0; turns < 50; turns++) await setImmediate();
  assert.equal(done, false);
  lock[Symbol.dispose]();
  await writing;
});

Deno.test("write() gives up waiting for a lock when its signal aborts, and stores nothing", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  const abort = new AbortController();
  {
    using _lock = holdWriteLock(temp.file);
    const writing = store.write(insert("a"), { signal: abort.signal });
    await setImmediate();
    abort.abort(new RangeError("enough"));
    await assert.rejects(writing, RangeError);
    await assert.rejects(store.write(insert("b"), { signal: abort.signal }), RangeError);
    assert.equal(store.queued, 0);
  }
  await store.write(insert("c"));
  assert.deepEqual(store.read((db) => db.all<{ x: string }>("SELECT x FROM nodes")).map(({ x }) => x), ["c"]);
});

Deno.test("write() fails as locked when the lock is held for longer than lockWaitMs", async () => {
  await using temp = new TempStore();
  const store = await temp.open({ lockWaitMs: 20 });
  await store.write(table);
  {
    using _lock = holdWriteLock(temp.file);
    await assert.rejects(store.write(insert("a")), failure("locked"));
  }
  await store.write(insert("a"));
});

Deno.test("write() on a full disk fails as full, and works again when there is room", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  const big = (x: string) => (tx: Transaction) =>
    tx.run("INSERT INTO nodes VALUES (?, ?)", x, new Uint8Array(1 << 20));
  {
    await using _full = await fillDisk(store);
    await assert.rejects(store.write(big("alone")), failure("full"));
    const group = await Promise.allSettled([store.write(big("a")), store.write(big("b"))]);
    assert.ok(group.every((one) => one.status === "rejected" && failure("full")(one.reason)));
  }
  await store.write(big("c"));
  assert.deepEqual(store.read((db) => db.all<{ x: string }>("SELECT x FROM nodes")).map(({ x }) => x), ["c"]);
});

Deno.test("read() sees one snapshot and never waits for a writer", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  await store.write(insert("a"));
  using _lock = holdWriteLock(temp.file);
  const count = store.read((db) => {
    const first = db.get("SELECT count(*) AS n FROM nodes");
    // A read inside a read is in the same snapshot.
    assert.deepEqual(store.read((inner) => inner.get("SELECT count(*) AS n FROM nodes")), first);
    return first?.n;
  });
  assert.equal(count, 1);
});

Deno.test("read() can't write", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  assert.throws(
    () => store.read((db) => db.get("INSERT INTO nodes (x) VALUES (1) RETURNING x")),
    failure("readonly"),
  );
});

Deno.test("iterate() takes the same SQL inside its own loop, and may be left early", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  for (const x of [1, 2, 3]) await store.write(insert(x));
  const sql = "SELECT x FROM nodes ORDER BY x";
  const pairs = store.read((db) => {
    const found: string[] = [];
    for (const { x } of db.iterate(sql)) {
      for (const inner of db.iterate(sql)) {
        found.push(`${x}${inner.x}`);
        if (inner.x === 2) break;
      }
    }
    return found;
  });
  assert.deepEqual(pairs, ["11", "12", "21", "22", "31", "32"]);
});

Deno.test("a transaction is of no use after its work has returned", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  await store.write(insert(1));
  const { tx, rows } = await store.write((tx) => ({ tx, rows: tx.iterate("SELECT x FROM nodes") }));
  assert.throws(() => insert("late")(tx), failure("closed"));
  assert.deepEqual([...rows], []);
});

Deno.test("what SQLite would store as NULL or leave out without a word is refused", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  for (const value of [new Date(), undefined, NaN, true, {}]) {
    const sneaked: unknown[] = [value];
    await assert.rejects(
      store.write((tx) => Reflect.apply(tx.run, tx, ["INSERT INTO nodes (x) VALUES (?)", ...sneaked])),
      TypeError,
    );
  }
  await assert.rejects(
    store.write((tx) => tx.run("CREATE TABLE a (x); CREATE TABLE b (x)")),
    /second statement/,
  );
  assert.equal(
    store.read((db) => db.get<{ n: number }>("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'a'"))?.n,
    0,
  );
});

Deno.test("empty blobs, empty texts and NULL come back as they were", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await store.write(table);
  await store.write((tx) => tx.run("INSERT INTO nodes VALUES (?, ?)", new Uint8Array(0), null));
  await store.write((tx) => tx.run("INSERT INTO nodes VALUES (?, ?)", "", 2 ** 53 - 1));
  assert.deepEqual(
    store.read((db) => db.all("SELECT x, y FROM nodes ORDER BY rowid")).map(({ x, y }) => [x, y]),
    [[new Uint8Array(0), null], ["", 2 ** 53 - 1]],
  );
});

Deno.test("close() commits what is queued, is safe twice, and ends the store's use", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  const writing = Promise.all([store.write(table), store.write(insert("a"))]);
  await Promise.all([store.close(), store.close()]);
  await writing;
  await assert.rejects(store.write(insert("b")), failure("closed"));
  assert.throws(() => store.read((db) => db.get("SELECT 1")), failure("closed"));
  const again = await temp.open();
  assert.equal(again.read((db) => db.get<{ x: string }>("SELECT x FROM nodes"))?.x, "a");
});
