import assert from "node:assert/strict";
import { StoreError } from "../../../../lib/store/error.ts";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { bytes, texts } from "../../../../lib/testing/bus_case.ts";
import { fillDisk, holdWriteLock } from "../../../../lib/testing/store_faults.ts";
import { TempLog } from "../temp_log.ts";

Deno.test("append() is part of the caller's transaction: rows and records are stored together or not at all", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic();
  await log.store.write((tx) => tx.run("CREATE TABLE t (x)"));
  const both = (fail: boolean) =>
    log.store.write((tx) => {
      tx.run("INSERT INTO t VALUES (1)");
      const [position] = log.append(tx, [{ topic, value: bytes("x") }]);
      if (fail) throw new RangeError("no");
      return position;
    });
  const results = await Promise.allSettled([both(false), both(true), both(false)]);
  const offsets = results.map((one) => one.status === "fulfilled" ? one.value?.offset : undefined);
  assert.deepEqual(offsets, [0, undefined, 1]);
  assert.equal(log.store.read((db) => db.all("SELECT x FROM t")).length, 2);
  assert.equal(
    log.store.read((db) => log.readFrom(db, { topic, partition: 0, offset: 0 }, 10, 1_000)).length,
    2,
  );
});

Deno.test("threads that append to one file at once get every offset once", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic();
  const workers = [1, 2].map(() =>
    new Worker(new URL("./append_worker.ts", import.meta.url).href, { type: "module" })
  );
  const offsets = await Promise.all([
    ...workers.map((worker) => {
      const { promise, resolve } = Promise.withResolvers<number[]>();
      worker.onmessage = (event: MessageEvent<number[]>) => resolve(event.data);
      worker.postMessage({ file: temp.temp.file, topic, count: 300 });
      return promise;
    }),
    Promise.all(
      Array.from({ length: 300 }, () => log.send([{ topic, value: null }]).then(([p]) => p!.offset)),
    ),
  ]);
  for (const worker of workers) worker.terminate();
  assert.deepEqual(offsets.flat().sort((a, b) => a - b), Array.from({ length: 900 }, (_, i) => i));
  for (const its of offsets) assert.deepEqual(its, [...its].sort((a, b) => a - b));
});

Deno.test("a reader that waits is woken by another process, by wake(), and at once by its own", async () => {
  await using temp = new TempLog();
  const [log, other] = [await temp.open(), await temp.open()];
  const deaf = await temp.openDoomed();
  const bench = temp.bench(log);
  const topic = await bench.topic();
  // Time over is no excuse: only being woken leads to another look.
  const options = { max: 1, maxBytes: 1_000, waitMs: 3_600_000, signal: AbortSignal.timeout(60_000) };
  await using reader = await bench.open({ group: null, topics: [topic] });
  const polled = reader.receive(options);
  await other.send([{ topic, value: bytes("polled") }]);
  assert.deepEqual(texts((await polled)?.records ?? []), ["polled"]);
  await using waiter = await deaf.open({ group: null, topics: [topic], from: "latest" });
  const poked = waiter.receive(options);
  await other.send([{ topic, value: bytes("poked") }]);
  deaf.wake([topic]);
  assert.deepEqual(texts((await poked)?.records ?? []), ["poked"]);
  const own = waiter.receive(options);
  await deaf.send([{ topic, value: bytes("own") }]);
  assert.deepEqual(texts((await own)?.records ?? []), ["own"]);
});

Deno.test("onAppend() tells which topics were appended to, after the commit", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const [one, two] = [await bench.topic(), await bench.topic()];
  const told: string[][] = [];
  const end = log.onAppend((topics) => told.push([...topics]));
  await Promise.all([log.send([{ topic: one, value: null }]), log.send([{ topic: two, value: null }])]);
  await log.store.write((tx) => tx.run("CREATE TABLE t (x)"));
  end();
  await log.send([{ topic: one, value: null }]);
  assert.deepEqual(told, [[one, two]]);
});

Deno.test("bytes() counts keys, values and headers", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const topic = await temp.bench(log).topic();
  assert.equal(log.bytes(), 0);
  await log.send([{ topic, key: bytes("key"), value: bytes("value"), headers: [["h", bytes("v")]] }]);
  assert.equal(log.bytes(), 3 + 5 + 10);
});

Deno.test("what may pass by itself is retryable, and nothing else", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const topic = await temp.bench(log).topic();
  const failing = await openLocalLog(await temp.temp.open({ lockWaitMs: 1 }));
  const failureOf = (sending: Promise<unknown>) =>
    sending.then(() => assert.fail("it was sent"), (error) => error);
  {
    using _lock = holdWriteLock(temp.temp.file);
    assert.ok(failing.isRetryable(await failureOf(failing.send([{ topic, value: null }]))));
  }
  {
    await using _full = await fillDisk(failing.store);
    assert.ok(
      failing.isRetryable(await failureOf(failing.send([{ topic, value: new Uint8Array(1 << 20) }]))),
    );
  }
  assert.ok(!failing.isRetryable(await failureOf(failing.send([{ topic: "missing", value: null }]))));
  await failing.send([{ topic, value: null }]);
  await failing.close();
  assert.ok(!failing.isRetryable(await failureOf(failing.send([{ topic, value: null }]))));
});

Deno.test("a store for reading only can be read and measured; one without a log is read as empty, and left as it is", async () => {
  await using temp = new TempLog();
  const empty = await temp.temp.open({ file: `${temp.temp.folder}/empty.sqlite` });
  const readOnly = await temp.temp.open({ file: empty.file, readOnly: true });
  await using none = await openLocalLog(readOnly);
  assert.deepEqual(await none.topics.describe(), []);
  assert.deepEqual(await none.lag("g"), []);
  assert.equal(
    empty.read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'log_topics'")),
    undefined,
  );
  const log = await temp.open();
  const topic = await temp.bench(log).topic();
  await temp.bench(log).sendTexts(topic, ["a"]);
  await using looking = await openLocalLog(await temp.temp.open({ readOnly: true }));
  await using reader = await looking.open({ group: null, topics: [topic], from: "earliest" });
  assert.deepEqual(texts(await temp.bench(looking).receive(reader, 1)), ["a"]);
  assert.equal((await looking.lag("g", [topic]))[0]?.lag, 1);
  await assert.rejects(looking.open({ group: "g", topics: [topic], from: "earliest" }), StoreError);
});
