import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { holdWriteLock } from "../../../lib/testing/store_faults.ts";
import { TempStore } from "./temp_store.ts";
import { WriteTurns } from "../../../lib/store/write_turns.ts";

Deno.test("wait() resolves when the second thread lets go of the lock", async () => {
  const first = new WriteTurns("first");
  const second = new WriteTurns("second", first.memory);
  const waiting = first.wait(first.released, 60_000);
  second.done();
  await waiting;
});

Deno.test("wait() resolves at once when the lock was let go of since the count was read", async () => {
  const first = new WriteTurns("first");
  const { released } = first;
  new WriteTurns("second", first.memory).done();
  await first.wait(released, 60_000);
});

Deno.test("standBack() blocks the second thread until the first has written", async () => {
  const first = new WriteTurns("first");
  const script = `
    import { WriteTurns } from ${
    JSON.stringify(new URL("../../../lib/store/write_turns.ts", import.meta.url).href)
  };
    self.onmessage = ({ data }) => {
      const turns = new WriteTurns("second", data.memory);
      const order = new Int32Array(data.order);
      self.postMessage("standing back");
      turns.standBack();
      self.postMessage(Atomics.load(order, 0));
    };`;
  const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  const order = new Int32Array(new SharedArrayBuffer(4));
  const said: unknown[] = [];
  const finished = Promise.withResolvers<void>();
  worker.onmessage = ({ data }) => {
    said.push(data);
    if (data === "standing back") {
      Atomics.store(order, 0, 1);
      first.done();
    } else finished.resolve();
  };
  const waiting = first.wait(first.released, 1);
  worker.postMessage({ memory: first.memory, order: order.buffer });
  await finished.promise;
  await waiting;
  assert.deepEqual(said, ["standing back", 1]);
  assert.equal(first.commits, 1);
  worker.terminate();
  URL.revokeObjectURL(url);
});

Deno.test("standBack() never holds the first thread back", () => {
  const first = new WriteTurns("first");
  void first.wait(first.released, 1);
  first.standBack();
  first.done();
});

Deno.test("nobody stands back for a write that has been done, has failed or was taken back", async () => {
  await using temp = new TempStore();
  const turns = new WriteTurns("first");
  const store = await temp.open({ turns });
  const hasty = await temp.open({ turns, lockWaitMs: 20 });
  const waits = async () => {
    while (!turns.waiting) await setImmediate();
  };
  const waitsNoMore = async () => {
    const over = AbortSignal.timeout(5_000);
    while (turns.waiting && !over.aborted) await setImmediate();
    assert.equal(turns.waiting, false);
  };
  const lock = holdWriteLock(temp.file);
  const abort = new AbortController();
  const left = assert.rejects(store.write(() => undefined, { signal: abort.signal }), RangeError);
  await waits();
  abort.abort(new RangeError("enough"));
  await left;
  await waitsNoMore();
  await assert.rejects(hasty.write(() => undefined), /locked/);
  assert.equal(turns.waiting, false);
  const done = store.write(() => undefined);
  await waits();
  lock[Symbol.dispose]();
  await done;
  assert.equal(turns.waiting, false);
});

Deno.test("a process that does nothing but wait for the lock does not end before it is told", async () => {
  await using temp = new TempStore();
  await temp.open();
  using _lock = holdWriteLock(temp.file);
  const script = new URL("./locked_child.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, temp.file],
  }).output();
  assert.equal(new TextDecoder().decode(stdout), "locked\n");
});

Deno.test("a store that blocks has committed before the next turn of the event loop", async () => {
  await using temp = new TempStore();
  const store = await temp.open({ turns: new WriteTurns("first"), blocks: true });
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
  let turned = false;
  const turn = setImmediate().then(() => turned = true);
  await store.write((tx) => tx.run("INSERT INTO t VALUES (1)"));
  assert.equal(turned, false);
  await turn;
});

Deno.test("a store that blocks waits for the lock where it stands, and has nobody stand back when that failed", async () => {
  await using temp = new TempStore();
  const turns = new WriteTurns("first");
  const store = await temp.open({ turns, blocks: true, lockWaitMs: 20 });
  let turned = false;
  const turn = setImmediate().then(() => turned = true);
  {
    using _lock = holdWriteLock(store.file);
    await assert.rejects(store.write((tx) => tx.run("CREATE TABLE t (x)")), /locked/);
  }
  assert.equal(turned, false);
  assert.equal(turns.waiting, false);
  await turn;
  await store.write((tx) => tx.run("CREATE TABLE t (x)"));
});
