import assert from "node:assert/strict";
import type { BusDriver, OutgoingRecord, Position, Subscription } from "../../../lib/bus/contract.ts";
import { busMetrics, countedBus } from "../../../lib/bus/metrics.ts";
import { SendError } from "../../../lib/bus/send_error.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { Exposition } from "../plugin/exposition.ts";
import { fakeBus, fakeRecord } from "../cli/fake_bus.ts";
import { noteTransaction } from "./memory_bus.ts";

const record = (topic: string): OutgoingRecord => ({ topic, value: null });

/** A counted bus whose driver does what `parts` say, on a clock that goes half a second at each look. */
function rig(parts: Partial<BusDriver>) {
  const meter = createMeter();
  const { bus } = fakeBus({ partitions: [], batches: [] });
  let now = 0;
  return {
    bus: countedBus({ ...bus, ...parts }, busMetrics(meter), () => now += 500),
    metrics: async () => new Exposition(await meter.text()),
  };
}

const position = (topic: string): Position => ({ topic, partition: 0, offset: 0 });
const PRODUCED = "ai_kafka_messages_produced_total";
const LATENCY = "ai_kafka_produce_latency_seconds";

Deno.test("countedBus() counts what was sent by topic, and how long it took for each", async () => {
  const { bus, metrics } = rig({
    send: (records) => Promise.resolve(records.map(({ topic }) => position(topic))),
  });
  await bus.send([record("a"), record("b"), record("a")]);
  await bus.send([record("a")]);
  await bus.send([]);
  const found = await metrics();
  assert.deepEqual(found.all(PRODUCED), { "topic=a": 3, "topic=b": 1 });
  assert.deepEqual(found.all(`${LATENCY}_count`), { "topic=a": 2, "topic=b": 1 });
  assert.deepEqual(found.all(`${LATENCY}_sum`), { "topic=a": 1, "topic=b": 0.5 });
});

Deno.test("countedBus() counts of a failed send what was acknowledged, and passes the failure on", async () => {
  const failure = new SendError("half of it", [undefined, position("b")], [new Error("gone")]);
  const { bus, metrics } = rig({ send: () => Promise.reject(failure) });
  await assert.rejects(bus.send([record("a"), record("b")]), failure);
  assert.deepEqual((await metrics()).all(PRODUCED), { "topic=b": 1 });
  const other = rig({ send: () => Promise.reject(new Error("nothing was sent")) });
  await assert.rejects(other.bus.send([record("a")]), /nothing was sent/);
  assert.deepEqual((await other.metrics()).all(PRODUCED), {});
});

Deno.test("countedBus() counts what a subscription gives, and what its commits store: the last run of write", async () => {
  const batch = { topic: "t", partition: 0, records: [fakeRecord(0, 0), fakeRecord(0, 1)] };
  let given = false;
  let refuses = true;
  const inner: Subscription = {
    receive: () => Promise.resolve(given ? null : (given = true, batch)),
    commit: ({ write }) => {
      if (refuses) return Promise.reject(new Error("not stored"));
      write?.(noteTransaction([]));
      write?.(noteTransaction([]));
      return Promise.resolve();
    },
    seek: () => {},
    position: () => 7,
    assigned: () => [{ topic: "t", partition: 0 }],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const { bus, metrics } = rig({ open: () => Promise.resolve(inner) });
  await using subscription = await bus.open({ group: "g", topics: ["t"], from: "earliest" });
  const receive = () => subscription.receive({ max: 10, maxBytes: 10, waitMs: 0 });
  assert.equal(await receive(), batch);
  assert.equal(await receive(), null);
  const commit = () =>
    subscription.commit({
      through: { topic: "t", partition: 0, offset: 1 },
      outputs: [record("out")],
      write: () => [record("rows"), record("rows")],
    });
  await assert.rejects(commit(), /not stored/);
  assert.deepEqual((await metrics()).all(PRODUCED), {});
  refuses = false;
  await commit();
  await subscription.commit({ through: { topic: "t", partition: 0, offset: 1 } });
  const found = await metrics();
  assert.deepEqual(found.all("ai_kafka_messages_consumed_total"), { "topic=t": 2 });
  assert.deepEqual(found.all(PRODUCED), { "topic=out": 1, "topic=rows": 2 });
  assert.equal(subscription.position({ topic: "t", partition: 0 }), 7);
  assert.deepEqual(subscription.assigned(), [{ topic: "t", partition: 0 }]);
});
