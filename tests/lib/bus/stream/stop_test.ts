import assert from "node:assert/strict";
import type { StreamHandler } from "../../../../lib/bus/handler.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";

const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);

function setUp(handler: StreamHandler, bus = new MemoryBus(), changes: Partial<StreamSpec> = {}) {
  const meter = createMeter();
  const lines: string[] = [];
  const stream = new Stream({
    spec: {
      ...{ name: "t/g", group: "g", topics: ["in"], from: "earliest", lingerMs: 0, attempts: 3 },
      ...{ maxRecords: 100, maxBytes: 1_000_000, onFailure: "stop", ...changes },
    },
    driver: bus,
    handler,
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    log: createLogger({ sink: (line) => lines.push(line), level: "debug" }),
    meter,
    clock: instantClock(),
    random: () => 0.5,
  });
  return { bus, meter, stream, lines };
}

/** Notes every record but "bad", for which it throws. */
const throwing: StreamHandler = ({ records }) => {
  if (records.some(({ value }) => text(value) === "bad")) throw new Error("can't parse");
  return { write: (tx) => records.forEach(({ value }) => tx.run(text(value))) };
};

/** The same by `batch.fail`. */
const failing: StreamHandler = (batch) => {
  for (const record of batch.records) if (text(record.value) === "bad") batch.fail(record, "can't parse");
  const good = batch.records.filter(({ value }) => text(value) !== "bad");
  return { write: (tx) => good.forEach(({ value }) => tx.run(text(value))) };
};

for (const [way, handler] of Object.entries({ throwing, failing })) {
  Deno.test(`onFailure "stop", ${way}: what came before is committed, the record and what follows are not`, async () => {
    const { bus, stream, meter, lines } = setUp(handler);
    bus.append("in", ["a", "b", "bad", "c"]);
    stream.start();
    await assert.rejects(stream.caughtUp(), /Cannot handle offset 2 of in\/0: the last attempt failed/);
    assert.deepEqual(bus.rows, ["a", "b"]);
    assert.equal(bus.committed.get("g/in"), 2);
    assert.deepEqual(bus.values("in.dlq"), []);
    assert.equal(stream.failed, true);
    const { status, detail } = stream.health();
    assert.deepEqual([status, detail?.includes("offset 2 of in/0")], ["degraded", true]);
    assert.equal(lines.filter((line) => line.includes("ERROR")).length, 1, "said once");
    assert.match(lines.find((line) => line.includes("ERROR")) ?? "", /can't parse/);
    assert.match(await meter.text(), /capstan_stream_stopped\{stream="t\/g"\} 1/);
    bus.append("in", ["d"]);
    await stream.stop();
    assert.deepEqual(bus.rows, ["a", "b"], "it does nothing more");
    assert.equal(bus.closed, 1, "it has left the group");
  });
}

Deno.test("a stream that stopped tries the record again when it is started anew", async () => {
  const { bus, stream } = setUp(throwing);
  bus.append("in", ["a", "bad", "c"]);
  stream.start();
  await assert.rejects(stream.caughtUp());
  await stream.stop();
  const mended = setUp(({ records }) => ({
    write: (tx) => records.forEach(({ value }) => tx.run(text(value))),
  }), bus);
  mended.stream.start();
  await mended.stream.caughtUp();
  await mended.stream.stop();
  assert.deepEqual(bus.rows, ["a", "bad", "c"]);
});

Deno.test("batches of other partitions that are under way are finished before the stream stops", async () => {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const { bus, stream } = setUp(
    async ({ partition, records }) => {
      if (partition === 0) {
        await entered.promise;
        throw new Error("can't");
      }
      entered.resolve();
      await leave.promise;
      return { write: (tx) => records.forEach(({ value }) => tx.run(text(value))) };
    },
    undefined,
    { attempts: 1 },
  );
  bus.partitions.set("in", 2);
  bus.append("in", ["bad"], 0);
  bus.append("in", ["good"], 1);
  stream.start();
  await entered.promise;
  const failed = assert.rejects(stream.caughtUp(), /offset 0/);
  leave.resolve();
  await failed;
  await stream.stop();
  assert.deepEqual(bus.rows, ["good"]);
  assert.equal(bus.committed.get("g/in"), undefined);
});
