import assert from "node:assert/strict";
import fc from "fast-check";
import type { Clock } from "../../../../lib/bus/clock.ts";
import type { StreamHandler } from "../../../../lib/bus/handler.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamOptions, StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function setUp(
  handler: StreamHandler,
  changes: Partial<StreamSpec> = {},
  others: Partial<StreamOptions> = {},
) {
  const bus = new MemoryBus();
  const meter = createMeter();
  const lines: string[] = [];
  const clock: Clock = instantClock();
  const stream = new Stream({
    spec: {
      ...{ name: "t/g", group: "g", topics: ["in"], from: "earliest", lingerMs: 0, attempts: 3 },
      ...{ maxRecords: 100, maxBytes: 1_000_000, ...changes },
    },
    driver: bus,
    handler,
    realName: (topic) => topic,
    logicalName: (topic) => `logical.${topic}`,
    log: createLogger({ sink: (line) => lines.push(line), level: "debug" }),
    meter,
    clock,
    random: () => 0.5,
    ...others,
  });
  return { bus, meter, stream, lines };
}

/** Handlers that wait until they are let go, one call at a time. */
function heldHandler() {
  const calls: { partition: number; offsets: number[]; go(): void; signal: AbortSignal }[] = [];
  const handler: StreamHandler = async ({ partition, records, signal }) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    calls.push({ partition, offsets: records.map(({ offset }) => offset), go: resolve, signal });
    await promise;
  };
  return { calls, handler };
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await turn();
}

Deno.test("partitions are worked on side by side, as many as concurrency says", async () => {
  const { calls, handler } = heldHandler();
  const { bus, stream } = setUp(handler, { concurrency: 2 });
  bus.partitions.set("in", 3);
  for (const partition of [0, 1, 2]) bus.append("in", ["a"], partition);
  stream.start();
  await until(() => calls.length === 2);
  for (let i = 0; i < 5; i++) await turn();
  assert.deepEqual(calls.map(({ partition }) => partition), [0, 1]);
  calls[0]?.go();
  await until(() => calls.length === 3);
  assert.equal(calls[2]?.partition, 2);
  for (const { go } of calls) go();
  await stream.caughtUp();
  await stream.stop();
});

Deno.test("with concurrency 1 one batch is worked on at a time", async () => {
  const { calls, handler } = heldHandler();
  const { bus, stream } = setUp(handler, { concurrency: 1 });
  bus.partitions.set("in", 2);
  bus.append("in", ["a"], 0);
  bus.append("in", ["a"], 1);
  stream.start();
  await until(() => calls.length === 1);
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(calls.length, 1);
  calls[0]?.go();
  await until(() => calls.length === 2);
  calls[1]?.go();
  await stream.caughtUp();
  await stream.stop();
});

Deno.test("a partition whose handler takes long keeps no other from going on, and is not read far ahead", async () => {
  const held = Promise.withResolvers<void>();
  let others = 0;
  const { bus, stream } = setUp(async ({ partition, records }) => {
    if (partition === 0) await held.promise;
    else others += records.length;
  }, { maxRecords: 4 });
  bus.partitions.set("in", 2);
  bus.append("in", Array.from({ length: 100 }, String), 0);
  bus.append("in", Array.from({ length: 100 }, String), 1);
  let taken = 0;
  const open = bus.open.bind(bus);
  bus.open = async (options) => {
    const inner = await open(options);
    const receive = inner.receive.bind(inner);
    inner.receive = async (wanted) => {
      const batch = await receive(wanted);
      if (batch?.partition === 0) taken += batch.records.length;
      return batch;
    };
    return inner;
  };
  stream.start();
  await until(() => others === 100);
  assert.ok(taken <= 12, `one batch worked on, and less than two ahead: ${taken}`);
  held.resolve();
  await stream.caughtUp();
  await stream.stop();
});

Deno.test("pause() lets batches under way finish and begins no other; resume() goes on", async () => {
  const { calls, handler } = heldHandler();
  const { bus, stream } = setUp(handler, { maxRecords: 1 });
  bus.partitions.set("in", 2);
  bus.append("in", ["a", "b"], 0);
  bus.append("in", ["a", "b"], 1);
  stream.start();
  await until(() => calls.length === 2);
  stream.pause();
  for (const { go } of calls) go();
  for (let i = 0; i < 10; i++) await turn();
  assert.equal(calls.length, 2);
  assert.equal(bus.commits.length, 2, "what was under way is committed");
  stream.resume();
  await until(() => calls.length === 4);
  for (const { go } of calls) go();
  await stream.caughtUp();
  await stream.stop();
});

Deno.test("stop() waits for the batches of all partitions", async () => {
  const { calls, handler } = heldHandler();
  const { bus, stream } = setUp(handler, { maxRecords: 1 });
  bus.partitions.set("in", 2);
  bus.append("in", ["a", "b"], 0);
  bus.append("in", ["a", "b"], 1);
  stream.start();
  await until(() => calls.length === 2);
  const stopped = stream.stop();
  for (const { go } of calls) go();
  await stopped;
  assert.equal(bus.commits.length, 2);
  assert.equal(calls.length, 2);
});

Deno.test("a partition that went and came back is handled anew only when its last handler has ended", async () => {
  const { calls, handler } = heldHandler();
  const { bus, stream } = setUp(handler, { maxRecords: 2 });
  bus.append("in", ["a", "b", "c"]);
  stream.start();
  await until(() => calls.length === 1);
  const revoked = bus.revoke("in", 0).then(() => bus.assign("in", 0));
  await turn();
  assert.equal(calls[0]?.signal.aborted, true);
  assert.equal(calls.length, 1);
  calls[0]?.go();
  await revoked;
  await until(() => calls.length === 2);
  assert.deepEqual(calls[1]?.offsets, [0, 1], "what was not committed comes again");
  for (let i = 0; i < 2; i++) {
    for (const { go } of calls) go();
    await until(() => calls.length === 3);
  }
  calls[2]?.go();
  await stream.caughtUp();
  await stream.stop();
});

Deno.test("a failure in one partition opens the bus anew, and nothing is lost or done twice in the others", async () => {
  const { bus, stream } = setUp(({ records }) => ({
    write: (tx) => records.forEach(({ partition, offset }) => tx.run(`${partition}/${offset}`)),
  }), { maxRecords: 2 });
  bus.partitions.set("in", 3);
  for (const partition of [0, 1, 2]) bus.append("in", ["a", "b", "c", "d"], partition);
  bus.faults.receive.push(new Error("connection lost"));
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  const expected = [0, 1, 2].flatMap((partition) => [0, 1, 2, 3].map((offset) => `${partition}/${offset}`));
  assert.deepEqual(bus.rows.toSorted(), expected);
});

Deno.test("a reader that was closed under a stream is opened anew, and keeps nobody from the thread", async () => {
  const { bus, stream } = setUp(() => {}, {});
  const opened: AsyncDisposable[] = [];
  const { open } = bus;
  bus.open = async (options) => {
    const reader = await open.call(bus, options);
    opened.push(reader);
    return reader;
  };
  bus.append("in", ["a"]);
  stream.start();
  await stream.caughtUp();
  await opened[0]?.[Symbol.asyncDispose]();
  // Somebody who waits for nothing of the stream has his turn.
  await turn();
  bus.append("in", ["b"]);
  await stream.caughtUp();
  await stream.stop();
  assert.equal(bus.committed.get("g/in"), 2);
  assert.ok(opened.length > 1);
});

Deno.test("property: each record of each partition is committed once and in order, whatever comes in between", async () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("append" as const),
      partition: fc.nat(3),
      count: fc.integer({ min: 1, max: 9 }),
    }),
    fc.record({ kind: fc.constantFrom<"pause" | "resume" | "turn">("pause", "resume", "turn") }),
    fc.record({ kind: fc.constant("rebalance" as const), partition: fc.nat(3) }),
    fc.record({
      kind: fc.constant("fault" as const),
      what: fc.constantFrom<"commit" | "receive" | "handler">("commit", "receive", "handler"),
    }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, concurrency, maxRecords) => {
        let running = 0;
        let most = 0;
        let failing = 0;
        const busy = new Set<number>();
        const { bus, stream } = setUp(async ({ partition, records }) => {
          assert.ok(!busy.has(partition), "one batch of a partition at a time");
          busy.add(partition);
          most = Math.max(most, ++running);
          try {
            for (let i = 0; i <= partition; i++) await turn();
            if (failing > 0 && failing-- > 0) throw new Error("on purpose");
            return {
              write: (tx) => records.forEach((each) => tx.run(`${partition}/${each.offset}`)),
            };
          } finally {
            running--;
            busy.delete(partition);
          }
        }, { concurrency, maxRecords, attempts: 1_000 });
        bus.partitions.set("in", 4);
        const away = new Error("away");
        bus.retryable.add(away);
        const rebalances: Promise<void>[] = [];
        let total = 0;
        stream.start();
        for (const each of steps) {
          if (each.kind === "append") {
            total += each.count;
            bus.append("in", Array.from({ length: each.count }, String), each.partition);
          } else if (each.kind === "pause") stream.pause();
          else if (each.kind === "resume") stream.resume();
          else if (each.kind === "turn") await turn();
          else if (each.kind === "rebalance") {
            await Promise.all(rebalances.splice(0));
            rebalances.push(bus.revoke("in", each.partition).then(() => bus.assign("in", each.partition)));
          } else if (each.kind === "fault") {
            if (each.what === "handler") failing++;
            else bus.faults[each.what].push(away);
          }
        }
        stream.resume();
        await Promise.all(rebalances);
        await stream.caughtUp();
        await stream.stop();
        assert.equal(bus.rows.length, total);
        for (let partition = 0; partition < 4; partition++) {
          const own = bus.rows.filter((row) => row.startsWith(`${partition}/`));
          assert.deepEqual(own, own.map((_, offset) => `${partition}/${offset}`));
        }
        assert.ok(most <= concurrency, `${most} at once of ${concurrency}`);
      },
    ),
    { numRuns: 150 },
  );
});

Deno.test("rebalances are counted while the stream runs, its start among them, its end not", async () => {
  const { bus, stream, meter } = setUp(() => {});
  stream.start();
  await stream.caughtUp();
  await bus.revoke("in", 0);
  await bus.assign("in", 0);
  await stream.stop();
  const text = await meter.text();
  assert.match(text, /^capstan_stream_rebalances_total\{stream="t\/g"\} 3$/m);
  assert.match(text, /^capstan_stream_assigned_partitions_total\{stream="t\/g"\} 2$/m);
  assert.match(text, /^capstan_stream_revoked_partitions_total\{stream="t\/g"\} 2$/m);
});

Deno.test("with fewer places than partitions each has its turn, however much waits in another", async () => {
  for (const [concurrency, partitions] of [[1, 3], [2, 3], [2, 4], [3, 7]] as const) {
    const order: number[] = [];
    const { bus, stream } = setUp(async ({ partition }) => {
      order.push(partition);
      for (let i = 0; i < 3; i++) await turn();
    }, { concurrency, maxRecords: 1 });
    bus.partitions.set("in", partitions);
    for (let partition = 0; partition < partitions; partition++) {
      bus.append("in", Array(20).fill("a"), partition);
    }
    stream.start();
    await stream.caughtUp();
    await stream.stop();
    assert.equal(order.length, 20 * partitions);
    for (let partition = 0; partition < partitions; partition++) {
      const own = order.flatMap((each, at) => each === partition ? [at] : []);
      const pauses = own.map((at, i) => at - (own[i - 1] ?? -1)).slice(0, 15);
      const said = `${concurrency} of ${partitions}, partition ${partition}: ${pauses}`;
      assert.ok(Math.max(...pauses) <= 2 * partitions, said);
    }
  }
});
