import assert from "node:assert/strict";
import { openLocalLog } from "../../../../lib/bus/local/local_bus.ts";
import { holdWriteLock } from "../../../../lib/testing/store_faults.ts";
import { TempStore } from "../../store/temp_store.ts";

const value = new Uint8Array([1]);

Deno.test("sends that meet in one commit get positions of their own, in their order", async () => {
  await using temp = new TempStore();
  await using log = await openLocalLog(await temp.open());
  await log.topics.apply([{ name: "t", partitions: 2 }]);
  const sends = [0, 1, 0, 1, 0].map((partition) =>
    log.send([{ topic: "t", partition, value }, { topic: "t", partition, value }])
  );
  const offsets = (await Promise.all(sends)).map((positions) => positions.map(({ offset }) => offset));
  assert.deepEqual(offsets, [[0, 1], [0, 1], [2, 3], [2, 3], [4, 5]]);
});

Deno.test("a send to a topic that does not exist fails alone", async () => {
  await using temp = new TempStore();
  await using log = await openLocalLog(await temp.open());
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const results = await Promise.allSettled(
    ["t", "missing", "t"].map((topic) => log.send([{ topic, value }])),
  );
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const [description] = await log.topics.describe(["t"]);
  assert.equal(description?.partitions[0]?.endOffset, 2);
});

Deno.test("a send that is aborted while the lock is held stores nothing, the others are stored", async () => {
  await using temp = new TempStore();
  const store = await temp.open();
  await using log = await openLocalLog(store);
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  const lock = holdWriteLock(store.file);
  const abort = new AbortController();
  const stays = log.send([{ topic: "t", value }]);
  const leaves = log.send([{ topic: "t", value }], { signal: abort.signal });
  abort.abort(new Error("left"));
  await assert.rejects(leaves, /left/);
  lock[Symbol.dispose]();
  assert.equal((await stays)[0]?.offset, 0);
  const [description] = await log.topics.describe(["t"]);
  assert.equal(description?.partitions[0]?.endOffset, 1);
});
