import assert from "node:assert/strict";
import { FencedError } from "../../../../lib/bus/contract.ts";
import { bytes, texts } from "../../../../lib/testing/bus_case.ts";
import { TempLog } from "../temp_log.ts";

const LEASE = 5_000;

Deno.test("a killed member's partitions come to another process when its lease is over, and its commit is fenced", async () => {
  await using temp = new TempLog();
  const [dead, other] = [await temp.openDoomed(), await temp.open()];
  const bench = temp.bench(other);
  const topic = await bench.topic({ partitions: 2 });
  const output = await bench.topic();
  const killed = await dead.open({ group: "g", topics: [topic], from: "earliest" });
  await temp.bench(dead).assigned([killed], 2);
  await bench.sendTexts(topic, ["a", "b"]);
  const [record] = await temp.bench(dead).receive(killed, 1);
  await using heir = await bench.open({ group: "g", topics: [topic] });
  assert.equal(await heir.receive({ max: 1, maxBytes: 1_000, waitMs: 20 }), null);
  temp.clock += LEASE;
  assert.deepEqual(texts(await bench.receive(heir, 2)), ["a", "b"]);
  assert.equal(heir.assigned().length, 2);
  await assert.rejects(
    killed.commit({
      through: record!,
      outputs: [{ topic: output, value: bytes("late") }],
      write: () => assert.fail("a fenced commit must not write"),
    }),
    FencedError,
  );
  assert.equal((await other.lag("g", [topic]))[0]?.committed, null);
  assert.equal((await other.topics.describe([output]))[0]?.partitions[0]?.endOffset, 0);
});

Deno.test("a member that renews its lease keeps its partitions, however long its callback takes", async () => {
  await using temp = new TempLog();
  const [log, other] = [await temp.open(), await temp.open()];
  const bench = temp.bench(log);
  const topic = await bench.topic();
  const callback = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  await using member = await bench.open({
    group: "g",
    topics: [topic],
    onAssigned: () => {
      started.resolve();
      return callback.promise;
    },
  });
  await started.promise;
  await using second = await other.open({ group: "g", topics: [topic], from: "earliest" });
  const leaseUntil = () =>
    log.store.read((db) => db.get<{ until: number }>("SELECT min(lease_until) AS until FROM log_members"))
      ?.until ?? 0;
  for (let i = 0; i < 4; i++) {
    temp.clock += LEASE * 0.7;
    await bench.eventually(
      "both leases are renewed",
      () => Promise.resolve(leaseUntil() > temp.clock + LEASE * 0.6),
    );
  }
  assert.deepEqual(second.assigned(), []);
  callback.resolve();
  await bench.sendTexts(topic, ["a"]);
  assert.deepEqual(texts(await bench.receive(member, 1)), ["a"]);
});

Deno.test("members of two processes share the partitions, and a clean close frees them at once", async () => {
  await using temp = new TempLog();
  const [one, two] = [await temp.open(), await temp.open()];
  const bench = temp.bench(one);
  const topic = await bench.topic({ partitions: 6 });
  const first = await one.open({ group: "g", topics: [topic], from: "earliest" });
  await bench.assigned([first], 6);
  await using second = await two.open({ group: "g", topics: [topic], from: "earliest" });
  await bench.assigned([first, second], 6);
  assert.deepEqual([first.assigned().length, second.assigned().length], [3, 3]);
  // The clock stands still: no lease ends.
  await first[Symbol.asyncDispose]();
  await bench.assigned([second], 6);
});

Deno.test("a partition that moves is handed over behind what onRevoked still commits", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic({ partitions: 2 });
  await bench.driver.send([0, 1].flatMap((partition) => [{ topic, partition, value: bytes("x") }]));
  await using first = await bench.open({
    group: "g",
    topics: [topic],
    async onRevoked(partitions) {
      for (const { partition } of partitions) {
        await first.commit({ through: { topic, partition, offset: 0 } });
      }
    },
  });
  await bench.receive(first, 2);
  await using second = await bench.open({ group: "g", topics: [topic] });
  await bench.eventually(
    "the second member has a partition",
    () => Promise.resolve(second.assigned().length === 1),
  );
  assert.equal(await second.receive({ max: 1, maxBytes: 1_000, waitMs: 20 }), null);
  const { partition } = second.assigned()[0]!;
  assert.equal((await log.lag("g"))[partition]?.lag, 0);
});

Deno.test("while onRevoked runs, records of the partition that goes are given to nobody", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic({ partitions: 2 });
  const told = Promise.withResolvers<number>();
  const release = Promise.withResolvers<void>();
  await using first = await bench.open({
    group: "g",
    topics: [topic],
    onRevoked([one]) {
      told.resolve(one!.partition);
      return release.promise;
    },
  });
  await bench.assigned([first], 2);
  await using second = await bench.open({ group: "g", topics: [topic] });
  const partition = await told.promise;
  await bench.sendTexts(topic, ["x"], { partition });
  const options = { max: 1, maxBytes: 1_000, waitMs: 20 };
  assert.deepEqual([await first.receive(options), await second.receive(options)], [null, null]);
  release.resolve();
  assert.deepEqual(texts(await bench.receive(second, 1)), ["x"]);
});

Deno.test("callbacks that fail are reported; onAssigned is tried again, onRevoked keeps nothing back", async () => {
  await using temp = new TempLog();
  const reported: string[] = [];
  const said = (message: string) => void reported.push(message);
  const logger = { debug: said, info: said, warn: said, error: said, child: () => logger };
  const log = await temp.open({ log: logger });
  const bench = temp.bench(log);
  const topic = await bench.topic();
  await bench.sendTexts(topic, ["a"]);
  let attempts = 0;
  const first = await bench.open({
    group: "g",
    topics: [topic],
    onAssigned() {
      if (++attempts < 3) throw new RangeError("not ready");
    },
    onRevoked() {
      throw new RangeError("never");
    },
  });
  await bench.eventually("it failed", () => Promise.resolve(attempts === 1));
  assert.equal(await first.receive({ max: 1, maxBytes: 1_000, waitMs: 30 }), null);
  assert.equal(attempts, 1, "not again while the clock stands still");
  for (let attempt = 2; attempt <= 3; attempt++) {
    temp.clock += 5_000 * 0.3;
    await bench.eventually("it is tried again", () => Promise.resolve(attempts === attempt));
  }
  assert.deepEqual(texts(await bench.receive(first, 1)), ["a"]);
  assert.equal(attempts, 3);
  await first[Symbol.asyncDispose]();
  assert.equal(reported.length, 3);
  await using second = await bench.open({ group: "g", topics: [topic] });
  assert.deepEqual(texts(await bench.receive(second, 1)), ["a"]);
});

Deno.test("a member whose onAssigned fails waits longer each time, and no longer than five seconds", async () => {
  await using temp = new TempLog();
  const log = await temp.open({ random: () => 1 });
  const bench = temp.bench(log);
  const topic = await bench.topic();
  let attempts = 0;
  let fails = true;
  await using member = await bench.open({
    group: "g",
    topics: [topic],
    onAssigned() {
      attempts++;
      if (fails) throw new RangeError("not ready");
    },
  });
  const looked = async () =>
    assert.equal(await member.receive({ max: 1, maxBytes: 1_000, waitMs: 10 }), null);
  await bench.eventually("it failed", () => Promise.resolve(attempts === 1));
  for (const [at, waitMs] of [200, 400, 800, 1_600, 3_200, 5_000, 5_000].entries()) {
    temp.clock += waitMs - 1;
    await looked();
    assert.equal(attempts, at + 1, `not before ${waitMs} ms`);
    temp.clock += 1;
    await bench.eventually("it is tried again", () => Promise.resolve(attempts === at + 2));
  }
  fails = false;
  temp.clock -= 3_600_000;
  await bench.eventually(
    "a clock that was set back keeps nobody waiting",
    () => Promise.resolve(attempts === 9),
  );
  assert.deepEqual(member.assigned(), [{ topic, partition: 0 }]);
});

Deno.test("a member that waits after a failure keeps its lease, and looks at once when the group changes", async () => {
  await using temp = new TempLog();
  const [log, other] = [await temp.open({ random: () => 1 }), await temp.open()];
  const bench = temp.bench(log);
  const topic = await bench.topic({ partitions: 2 });
  let attempts = 0;
  await using member = await bench.open({
    group: "g",
    topics: [topic],
    onAssigned() {
      if (++attempts < 7) throw new RangeError("not ready");
    },
  });
  for (let at = 1; at < 6; at++) {
    await bench.eventually("it failed", () => Promise.resolve(attempts === at));
    temp.clock += 200 * 2 ** (at - 1);
  }
  await bench.eventually("it failed", () => Promise.resolve(attempts === 6));
  const leaseUntil = () =>
    log.store.read((db) => db.get<{ until: number }>("SELECT max(lease_until) AS until FROM log_members"))
      ?.until ?? 0;
  temp.clock += LEASE * 0.7;
  await bench.eventually("the lease is renewed", () => Promise.resolve(leaseUntil() === temp.clock + LEASE));
  assert.equal(attempts, 6);
  await using second = await other.open({ group: "g", topics: [topic], from: "earliest" });
  await bench.eventually(
    "both have a partition",
    () => Promise.resolve(member.assigned().length === 1 && second.assigned().length === 1),
  );
});

Deno.test("partitions added to a topic reach those who read it, from their start", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic();
  await using member = await bench.open({ group: "g", topics: [topic], from: "latest" });
  await using reader = await bench.open({ group: null, topics: [topic], from: "latest" });
  await bench.assigned([member], 1);
  await log.topics.apply([{ name: topic, partitions: 2 }]);
  await bench.sendTexts(topic, ["x"], { partition: 1 });
  assert.deepEqual(texts(await bench.receive(member, 1)), ["x"]);
  assert.deepEqual(texts(await bench.receive(reader, 1)), ["x"]);
});

Deno.test("commit() refuses an offset nothing lies before, and a partition that was never this member's", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic();
  await bench.sendTexts(topic, ["a"]);
  await using member = await bench.open({ group: "g", topics: [topic] });
  await bench.receive(member, 1);
  await assert.rejects(member.commit({ through: { topic, partition: 0, offset: 1 } }), RangeError);
  await assert.rejects(member.commit({ through: { topic, partition: 1, offset: 0 } }), FencedError);
  assert.throws(() => member.seek({ topic, partition: 1, offset: 0 }), RangeError);
  assert.throws(() => member.seek({ topic, partition: 0, offset: -1 }), RangeError);
});

Deno.test("moveGroup() moves a group that runs and one that has stopped, and fences what was under way", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  const bench = temp.bench(log);
  const topic = await bench.topic();
  await bench.sendTexts(topic, ["a", "b", "c"]);
  await assert.rejects(log.moveGroup("g", topic, "earliest"), RangeError);
  {
    await using member = await bench.open({ group: "g", topics: [topic] });
    const records = await bench.receive(member, 2);
    await member.commit({ through: records[1]! });
    const underWay = await bench.receive(member, 1);
    await log.moveGroup("g", topic, "earliest");
    await assert.rejects(member.commit({ through: underWay[0]! }), FencedError);
    assert.deepEqual(texts(await bench.receive(member, 3)), ["a", "b", "c"]);
  }
  await log.moveGroup("g", topic, { offset: 1 });
  await using member = await bench.open({ group: "g", topics: [topic] });
  assert.deepEqual(texts(await bench.receive(member, 2)), ["b", "c"]);
});
