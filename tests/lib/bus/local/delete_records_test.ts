import assert from "node:assert/strict";
import { TempLog } from "../temp_log.ts";

Deno.test("deleteRecords() gives the room of what it removes back, however many records there are", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  await log.topics.apply([{ name: "t", partitions: 2 }]);
  const value = new Uint8Array(10);
  const key = new Uint8Array(3);
  await log.send(Array.from({ length: 350 }, () => ({ topic: "t", partition: 1, key, value })));
  await log.send([{ topic: "t", partition: 0, key, value }]);
  assert.equal(log.bytes(), 351 * 13);
  assert.equal(await log.topics.deleteRecords({ topic: "t", partition: 1, offset: 320 }), 320);
  assert.equal(log.bytes(), 31 * 13);
  const left = log.store.read((db) => log.readFrom(db, { topic: "t", partition: 1, offset: 0 }, 1_000, 1e9));
  assert.deepEqual([left[0]?.offset, left.length], [320, 30]);
  assert.equal(await log.topics.deleteRecords({ topic: "t", partition: 1, offset: 350 }), 350);
  assert.equal(log.bytes(), 13);
});
