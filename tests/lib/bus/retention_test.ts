import assert from "node:assert/strict";
import type { LocalBus } from "../../../lib/bus/local/local_bus.ts";
import type { Gap } from "../../../lib/bus/local/cursors.ts";
import { trimLog } from "../../../lib/bus/retention.ts";
import { texts } from "../../../lib/testing/bus_case.ts";
import { TempLog } from "./temp_log.ts";

const NOW = 1_700_000_000_000;

async function partition(log: LocalBus, topic: string) {
  const [description] = await log.topics.describe([topic]);
  return description?.partitions[0];
}

async function pass(temp: TempLog, log: LocalBus, group: string, topic: string, offset: number) {
  await using member = await log.open({ group, topics: [topic], from: "earliest" });
  await temp.bench(log).receive(member, offset + 1);
  await member.commit({ through: { topic, partition: 0, offset } });
}

Deno.test("trimLog() deletes what is old and what all of the agent's groups have passed", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic({ retentionMs: 1_000 });
  for (const age of [4, 3, 2, 1, 0]) await bench.sendTexts(topic, [`${age}`], { timestamp: NOW - age * 500 });
  const trim = (groups: string[], now = NOW) =>
    trimLog(log, { groupsOf: () => groups, now: () => now, chunkRecords: 2 });
  // Nobody has committed anything yet: all is held.
  assert.deepEqual(await trim(["one", "two"]), { records: 0, bytes: 0 });
  await pass(temp, log, "one", topic, 4);
  await pass(temp, log, "two", topic, 1);
  assert.deepEqual(await trim(["one", "two"]), { records: 2, bytes: 2 });
  // Three are old enough, and only "one" counts now.
  assert.deepEqual(await trim(["one"]), { records: 1, bytes: 1 });
  assert.deepEqual(await partition(log, topic), { partition: 0, startOffset: 3, endOffset: 5 });
  assert.equal(log.bytes(), 2);
  // A topic that no group of the agent reads is kept by its age alone.
  assert.deepEqual(await trim([], NOW + 1_000), { records: 2, bytes: 2 });
});

Deno.test("a retention of 0 deletes what was passed, whatever its time; one without end deletes nothing", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const [gone, kept] = [await bench.topic({ retentionMs: 0 }), await bench.topic({ retentionMs: Infinity })];
  for (const topic of [gone, kept]) {
    await bench.sendTexts(topic, ["a", "b"], { timestamp: NOW + 1e9 });
    await pass(temp, log, "g", topic, 0);
  }
  assert.deepEqual(await trimLog(log, { groupsOf: () => ["g"], now: () => NOW }), {
    records: 1,
    bytes: 1,
  });
  assert.equal((await partition(log, gone))?.startOffset, 1);
  assert.equal((await partition(log, kept))?.startOffset, 0);
});

Deno.test("offsets are never used again, after everything was deleted and the file was opened anew", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic({ retentionMs: 0 });
  await bench.sendTexts(topic, ["a", "b", "c"]);
  await trimLog(log, { groupsOf: () => [] });
  await log.close();
  await log.store.close();
  const again = await temp.open();
  const [position] = await again.send([{ topic, value: null }]);
  assert.equal(position?.offset, 3);
  assert.deepEqual(await partition(again, topic), { partition: 0, startOffset: 3, endOffset: 4 });
});

Deno.test("trimLog() by two processes at once counts each record once", async () => {
  await using temp = new TempLog();
  const [one, two] = [await temp.open(), await temp.open()];
  const bench = temp.bench(one);
  const topic = await bench.topic({ retentionMs: 0 });
  await bench.sendTexts(topic, Array.from({ length: 50 }, () => "x"));
  const trimmed = await Promise.all(
    [one, two].map((log) => trimLog(log, { groupsOf: () => [], chunkRecords: 5 })),
  );
  assert.ok(trimmed[0]!.records + trimmed[1]!.records <= 50);
  await trimLog(one, { groupsOf: () => [] });
  assert.equal(one.bytes(), 0);
  assert.equal((await partition(one, topic))?.startOffset, 50);
});

Deno.test("a group or reader below what was deleted goes on at the start, and the gap is told", async () => {
  await using temp = new TempLog();
  const gaps: Gap[] = [];
  const log = await temp.open({ onGap: (gap) => void gaps.push(gap) });
  const bench = temp.bench(log);
  const topic = await bench.topic({ retentionMs: 0 });
  await bench.sendTexts(topic, ["a", "b", "c"]);
  await using reader = await bench.open({ group: null, topics: [topic] });
  await pass(temp, log, "g", topic, 0);
  await trimLog(log, { groupsOf: () => [] });
  await bench.sendTexts(topic, ["d"]);
  assert.equal((await log.lag("g"))[0]?.lag, 1);
  await using member = await bench.open({ group: "g", topics: [topic] });
  assert.deepEqual(texts(await bench.receive(member, 1)), ["d"]);
  assert.deepEqual(texts(await bench.receive(reader, 1)), ["d"]);
  assert.deepEqual(gaps, [
    { group: "g", topic, partition: 0, from: 1, to: 3 },
    { group: null, topic, partition: 0, from: 0, to: 3 },
  ]);
});
