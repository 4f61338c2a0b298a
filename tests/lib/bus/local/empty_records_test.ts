import assert from "node:assert/strict";
import type { Plugin } from "capstan";
import { openTestAgent } from "capstan/testing";
import { isErased } from "../../../../lib/bus/erased.ts";
import { emptyRecords } from "../../../../lib/bus/local/empty_records.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER, readFence, writeFence } from "../../../../lib/bus/stream/fences.ts";
import { FakeTarget } from "../relay/fake_target.ts";
import { keyed, RelayBench } from "../relay/bench.ts";
import { TempLog } from "../temp_log.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("emptied records keep their offsets and give their room back; others stay as they were", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  await log.topics.apply([{ name: "t", partitions: 2 }]);
  const headers = [["h", bytes("x".repeat(100))]] as const;
  await log.send(Array.from({ length: 450 }, (_, at) => ({
    topic: "t",
    partition: at % 2,
    key: bytes(`k${at}`),
    value: bytes(at % 3 === 0 ? "hers" : "his"),
    headers,
  })));
  const before = log.bytes();
  const hers = ({ value }: { value: Uint8Array | null }) =>
    new TextDecoder().decode(value ?? undefined) === "hers";
  assert.equal(await emptyRecords(log, log.store, { topic: "t", matches: hers }), 150);
  const left = [0, 1].flatMap((partition) =>
    log.store.read((db) => log.readFrom(db, { topic: "t", partition, offset: 0 }, 1_000, 1e9))
  );
  assert.deepEqual(left.map(({ offset }) => offset), [...Array(225).keys(), ...Array(225).keys()]);
  assert.equal(left.filter(isErased).length, 150);
  assert.ok(
    left.every((each) => isErased(each) ? each.key === null : each.key !== null && each.headers.length === 1),
  );
  assert.ok(log.bytes() < before && log.bytes() > 0);
  const measured = log.store.read((db) =>
    [1, 2].reduce((sum, id) =>
      sum +
      (db.get<{ n: number }>(
        `SELECT total(coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0)) AS n
         FROM log_${id}`,
      )?.n ?? 0), 0)
  );
  assert.equal(log.bytes(), measured);
  assert.equal(await emptyRecords(log, log.store, { topic: "t", matches: () => false }), 0);
  assert.equal(await emptyRecords(log, log.store, { topic: "none", matches: () => true }), 0);
});

Deno.test("outputs that wait in a fence are emptied with their topic", async () => {
  await using temp = new TempLog();
  const log = await temp.open();
  await log.topics.apply([{ name: "t", partitions: 1 }]);
  await log.store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
  const place = { group: "g", topic: "in", partition: 0 };
  const output = (topic: string, text: string) => ({ topic, key: null, value: bytes(text) });
  await log.store.write((tx) =>
    writeFence(tx, place, {
      offset: 1,
      first: 0,
      start: 0,
      outputs: [output("t", "hers"), output("t", "his"), output("u", "hers")],
    })
  );
  const matches = ({ value }: { value: Uint8Array | null }) => new TextDecoder().decode(value!) === "hers";
  assert.equal(await emptyRecords(log, log.store, { topic: "t", matches }), 1);
  const outputs = log.store.read((db) => readFence(db, place))?.outputs ?? [];
  assert.deepEqual(outputs.map(({ topic, value }) => [topic, new TextDecoder().decode(value!)]), [
    ["t", "his"],
    ["u", "hers"],
  ]);
});

Deno.test("a stream passes emptied records over, and none is left behind it", async () => {
  const seen: unknown[] = [];
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      const stream = ctx.stream({ topics: ["in"] }, (batch) => {
        seen.push(...batch.records.map(({ data }) => data));
      });
      ctx.onErase(async ({ emptyRecords, subject }) => ({
        removed: { events: await emptyRecords("in", ({ data }) => data === subject.user) },
      }));
      ctx.command({
        path: "forget",
        doc: "Forgets.",
        async run(call) {
          // It must not be there before the records are emptied.
          stream.pause();
          await call.publish(["ann", "bea", "ann"].map((value) => ({ topic: "in", value })));
          const { plugins, beyond } = await call.erase({ tenant: "default", user: "ann" });
          stream.resume();
          await call.stdout.write(JSON.stringify([plugins, beyond]));
        },
      });
    },
  };
  await using agent = await openTestAgent(plugin);
  const { stdout, stderr } = await agent.command("forget");
  assert.deepEqual(JSON.parse(stdout || stderr), [[{ plugin: "p", removed: { events: 2 }, beyond: [] }], []]);
  await agent.deliver("in", [{ value: "cyd" }]);
  assert.deepEqual(seen, ["bea", "cyd"]);
});

Deno.test("the relay sends no emptied record, and is through with them all the same", async () => {
  await using bench = new RelayBench();
  const spec = { name: "events", partitions: 3, replication: 1 };
  const log = await bench.log(spec);
  const target = new FakeTarget();
  await log.send(keyed("events", 30, 7));
  const first = ({ offset }: { offset: number }) => offset < 3;
  const emptied = await emptyRecords(log, log.store, { topic: "events", matches: first });
  const relay = bench.relay(log, target, [{ local: "events", spec }]);
  relay.start();
  await relay.drain(AbortSignal.timeout(60_000));
  assert.ok(emptied > 0);
  assert.equal(target.stored.length, 30 - emptied);
});
