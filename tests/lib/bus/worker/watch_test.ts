import assert from "node:assert/strict";
import fc from "fast-check";
import type { RecordBatch } from "../../../../lib/bus/contract.ts";
import { Alone } from "../../../../lib/bus/worker/alone.ts";
import { type Suspect, Suspects } from "../../../../lib/bus/worker/suspects.ts";
import { Watch } from "../../../../lib/bus/worker/watch.ts";
import { WorkNotes } from "../../../../lib/bus/worker/work_notes.ts";

const spec = { name: "p/s", topics: ["other", "in"] };
const go: AbortSignal[] = [];

function batch(from: number, through: number, partition = 0): RecordBatch {
  const records = Array.from({ length: through - from + 1 }, (_, at) => ({
    topic: "in",
    partition,
    offset: from + at,
    key: null,
    value: null,
    headers: [],
    timestamp: 0,
  }));
  return { topic: "in", partition, records };
}

function suspect(from: number, through: number, deaths = 1, partition = 0): Suspect {
  return { stream: "p/s", topic: "in", partition, from, through, deaths, reason: "boom" };
}

const ranges = (parts: readonly RecordBatch[]) =>
  parts.map(({ records }) => [records[0]?.offset, records.at(-1)?.offset]);

function watch(suspects: readonly Suspect[]) {
  const settled: string[] = [];
  const notes = new WorkNotes();
  const over = new Watch({
    notes,
    suspects,
    onSettled: ({ from, through }) => settled.push(`${from}-${through}`),
  }).over(spec, 7);
  return { over, notes, settled };
}

Deno.test("what was under way at a death stands by itself in the next batch, with what lies around it", () => {
  const { over } = watch([suspect(10, 15), suspect(10, 12), suspect(20, 20), suspect(3, 40, 1, 1)]);
  assert.deepEqual(ranges(over.parts(batch(8, 22))), [[8, 9], [10, 15], [16, 19], [20, 20], [21, 22]]);
  assert.deepEqual(ranges(over.parts(batch(12, 13))), [[12, 13]]);
  assert.deepEqual(ranges(over.parts(batch(16, 19))), [[16, 19]]);
  assert.deepEqual(ranges(watch([]).over.parts(batch(0, 9))), [[0, 9]]);
});

Deno.test("the parts of a batch are its records in their order, whatever was suspected", () => {
  const some = fc.array(fc.tuple(fc.nat(30), fc.nat(8)), { maxLength: 5 });
  fc.assert(fc.property(some, fc.nat(20), fc.nat(20), (suspects, from, length) => {
    const whole = batch(from, from + length);
    const parts = watch(suspects.map(([at, more]) => suspect(at, at + more))).over.parts(whole);
    assert.deepEqual(parts.flatMap(({ records }) => records), whole.records);
  }));
});

Deno.test("deaths are those over exactly these records, and what is committed is suspected no more", () => {
  const { over, settled } = watch([suspect(10, 15, 3), suspect(10, 12)]);
  assert.equal(over.deaths(batch(10, 15)).count, 3);
  assert.match(
    over.deaths(batch(10, 15)).cause?.message ?? "",
    /died while this was handled: boom; it died 3 times/,
  );
  assert.deepEqual(over.deaths(batch(10, 14)), { count: 0 });
  over.settled(batch(0, 9), "handled");
  over.settled(batch(10, 12), "handled");
  assert.deepEqual(over.deaths(batch(10, 12)), { count: 0 });
  assert.equal(over.deaths(batch(13, 15)).count, 3, "what is left of it");
  over.settled(batch(13, 15), "handled");
  assert.deepEqual(over.deaths(batch(13, 15)), { count: 0 });
  over.settled(batch(16, 18), "handled");
  assert.deepEqual(settled, ["0-9", "10-12", "13-15"], "the host is told as long as there are some");
});

Deno.test("what stands behind a record that was given up is tried anew, and a record alone always is", () => {
  const { over } = watch([suspect(10, 15, 3), suspect(20, 22, 3)]);
  over.settled(batch(10, 10), "given up");
  assert.deepEqual(over.deaths(batch(11, 15)), { count: 0 });
  assert.deepEqual(ranges(over.parts(batch(11, 18))), [[11, 15], [16, 18]], "and by itself");
  over.settled(batch(20, 21), "handled");
  assert.deepEqual(over.deaths(batch(22, 22)), { count: 0 });
});

Deno.test("a suspect of a single record is none when that record is committed", () => {
  for (const how of ["handled", "given up"] as const) {
    const { over, settled } = watch([suspect(10, 10, 2)]);
    over.settled(batch(8, 10), how);
    assert.deepEqual(over.deaths(batch(10, 10)), { count: 0 });
    over.settled(batch(11, 12), how);
    assert.deepEqual(settled, ["8-10"]);
  }
});

Deno.test("work is noted while it goes on, for the other thread to read", async () => {
  const { over, notes } = watch([]);
  const read = () => new WorkNotes(notes.memory).read();
  await over.run(batch(4, 6, 2), go, () => {
    assert.deepEqual(read(), [{ stream: 7, topic: 1, partition: 2, from: 4, through: 6 }]);
    return Promise.resolve();
  });
  await assert.rejects(over.run(batch(4, 6), go, () => Promise.reject(new Error("failed"))), /failed/);
  assert.deepEqual(read(), []);
});

Deno.test("a full list of notes leaves further work unnoted, and nothing else is lost", () => {
  const notes = new WorkNotes();
  const note = (from: number) => notes.begin({ stream: 0, topic: 0, partition: 0, from, through: from });
  const places = Array.from({ length: 64 }, (_, at) => note(at));
  assert.equal(note(64), -1);
  notes.end(-1);
  notes.end(places[3] ?? assert.fail());
  assert.equal(notes.read().length, 63);
  assert.equal(note(65), places[3]);
});

Deno.test("of several batches under way at a death none has an attempt more, but all are suspected", () => {
  const suspects = new Suspects([{ name: "p/s", topics: ["in"] }]);
  const note = (from: number) => ({ stream: 0, topic: 0, partition: 0, from, through: from + 1 });
  suspects.died([note(0), note(8)], "boom");
  assert.deepEqual(suspects.list().map(({ from, deaths }) => [from, deaths]), [[0, 0], [8, 0]]);
  suspects.died([note(8)], "boom again");
  assert.deepEqual(suspects.list().map(({ from, deaths }) => [from, deaths]), [[0, 0], [8, 1]]);
  suspects.died([], "nothing was under way");
  suspects.settled({ stream: "p/s", topic: "in", partition: 0, from: 0, through: 1, how: "handled" });
  assert.deepEqual(suspects.list().map(({ from, reason }) => [from, reason]), [[8, "boom again"]]);
});

Deno.test("suspected work has the thread for itself", async () => {
  const { over } = watch([suspect(10, 15, 0)]);
  const said: string[] = [];
  const hold = Promise.withResolvers<void>();
  const normal = over.run(batch(0, 3, 1), go, async () => {
    said.push("normal begins");
    await hold.promise;
    said.push("normal ends");
  });
  const suspected = over.run(batch(10, 12), go, async () => {
    said.push("suspected begins");
    await Promise.resolve();
    said.push("suspected ends");
  });
  const later = over.run(batch(4, 5, 1), go, () => Promise.resolve(void said.push("later")));
  hold.resolve();
  await Promise.all([normal, suspected, later]);
  assert.deepEqual(said, ["normal begins", "normal ends", "suspected begins", "suspected ends", "later"]);
});

Deno.test("who waits for the thread and is stopped goes, and keeps nobody", async () => {
  const turns = new Alone();
  const leave = await turns.enter(false, []);
  const stop = new AbortController();
  const alone = turns.enter(true, [stop.signal]);
  const behind = turns.enter(false, []);
  stop.abort(new Error("stopped"));
  await assert.rejects(alone, /stopped/);
  (await behind)();
  leave();
  (await turns.enter(true, [AbortSignal.abort()]))();
  const inside = await turns.enter(true, []);
  await assert.rejects(turns.enter(false, [AbortSignal.abort(new Error("before"))]), /before/);
  inside();
});
