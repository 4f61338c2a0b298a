import assert from "node:assert/strict";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { PartitionHooks } from "../../../../lib/bus/stream/arrival.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";
import { copying, withRows } from "./rows_rig.ts";

function setUp(hooks: PartitionHooks, told: string[]) {
  const bus = new MemoryBus();
  const lines: string[] = [];
  const stream = new Stream({
    spec: {
      ...{ name: "t/g", group: "g", topics: ["in"], from: "earliest", lingerMs: 0, attempts: 3 },
      ...{ maxRecords: 100, maxBytes: 1_000_000 },
    },
    driver: bus,
    handler: ({ partition }) => void told.push(`batch ${partition}`),
    hooks,
    realName: (topic) => topic,
    logicalName: (topic) => `logical.${topic}`,
    log: createLogger({ sink: (line) => lines.push(line), level: "debug" }),
    meter: createMeter(),
    clock: instantClock(),
    random: () => 0.5,
  });
  return { bus, stream, lines };
}

Deno.test("onAssigned is called before the first batch, onRevoked after the last; both with logical names", async () => {
  const told: string[] = [];
  const { bus, stream } = setUp({
    onAssigned: async (partitions) => {
      await Promise.resolve();
      told.push(`come ${JSON.stringify(partitions)}`);
    },
    onRevoked: (partitions) => void told.push(`go ${JSON.stringify(partitions)}`),
  }, told);
  bus.append("in", ["a"]);
  bus.committed.set("g/in", 0);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(told, [
    'come [{"topic":"logical.in","partition":0,"committed":0,"rows":0}]',
    "batch 0",
    'go [{"topic":"logical.in","partition":0}]',
  ]);
});

Deno.test("an onAssigned that throws is called again, and said in health meanwhile; no batch comes before", async () => {
  const told: string[] = [];
  const details: (string | undefined)[] = [];
  let calls = 0;
  const { bus, stream, lines } = setUp({
    onAssigned: () => {
      details.push(stream.health().detail);
      if (++calls < 3) throw new Error("not ready");
      told.push("come");
    },
  }, told);
  bus.append("in", ["a"]);
  stream.start();
  await stream.caughtUp();
  assert.equal(stream.health().status, "ok");
  await stream.stop();
  assert.deepEqual(told, ["come", "batch 0"]);
  assert.deepEqual(details, [undefined, ...Array(2).fill("onAssigned 0/in: not ready")]);
  assert.equal(lines.filter((line) => line.includes("WARN")).length, 1, "said once");
});

Deno.test("a partition that goes while onAssigned fails is told of neither", async () => {
  const told: string[] = [];
  const { bus, stream } = setUp({
    onAssigned: () => {
      void bus.revoke("in", 0);
      throw new Error("not ready");
    },
    onRevoked: () => void told.push("go"),
  }, told);
  stream.start();
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  await stream.stop();
  assert.deepEqual(told, []);
});

Deno.test("an onRevoked that throws keeps nobody; it is logged", async () => {
  const { bus, stream, lines } = setUp({
    onRevoked: () => {
      throw new Error("no");
    },
  }, []);
  bus.append("in", ["a"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.ok(lines.some((line) => line.includes("onRevoked failed")));
});

Deno.test("beside a bus without SQL, rows say how far this agent's own file is", () =>
  withRows(async ({ bus, stream }) => {
    const seen: unknown[] = [];
    const hooks: PartitionHooks = { onAssigned: (partitions) => void seen.push(...partitions) };
    for (let run = 0; run < 2; run++) {
      bus.append("in", ["a", "b"]);
      const running = stream({ hooks, handler: copying });
      running.start();
      await running.caughtUp();
      await running.stop();
    }
    assert.deepEqual(seen, [
      { topic: "in", partition: 0, committed: null, rows: null },
      { topic: "in", partition: 0, committed: 2, rows: 2 },
    ]);
  }));
