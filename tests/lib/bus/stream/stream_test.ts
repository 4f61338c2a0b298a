import assert from "node:assert/strict";
import { type BusRecord, FencedError } from "../../../../lib/bus/contract.ts";
import { DEAD_LETTER_HEADERS } from "../../../../lib/bus/stream/dead_letters.ts";
import type { StreamHandler } from "../../../../lib/bus/handler.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import { StoreError } from "../../../../lib/store/error.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";

function setUp(handler: StreamHandler, changes: Partial<StreamSpec> = {}) {
  const bus = new MemoryBus();
  const clock = instantClock();
  const meter = createMeter();
  const lines: string[] = [];
  const stream = new Stream({
    spec: {
      name: "t/g",
      group: "g",
      topics: ["in"],
      from: "earliest",
      maxRecords: 100,
      maxBytes: 1_000_000,
      lingerMs: 0,
      attempts: 3,
      ...changes,
    },
    driver: bus,
    handler,
    realName: (topic) => topic.replace(/^logical\./, ""),
    logicalName: (topic) => topic,
    log: createLogger({ sink: (line) => lines.push(line), level: "debug" }),
    meter,
    clock,
    random: () => 0.5,
  });
  return { bus, clock, meter, stream, lines };
}

const text = (record: Pick<BusRecord, "value">) => new TextDecoder().decode(record.value ?? undefined);

function header(record: BusRecord | undefined, name: string): string | undefined {
  const found = record?.headers.find(([each]) => each === name);
  return found && new TextDecoder().decode(found[1]);
}

Deno.test("a stream commits a handler's rows, outputs and offset together", async () => {
  const { bus, stream } = setUp((batch) => ({
    outputs: [{ topic: "logical.out", value: { n: batch.records.length }, key: "k", headers: { h: "v" } }],
    write: (tx) => {
      for (const record of batch.records) tx.run(text(record));
      return [{ topic: "more", value: new TextEncoder().encode("bytes") }];
    },
  }));
  bus.append("in", ["a", "b"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["a", "b"]);
  assert.deepEqual(bus.values("out"), ['{"n":2}']);
  assert.deepEqual(bus.values("more"), ["bytes"]);
  assert.equal(bus.committed.get("g/in"), 2);
  assert.equal(header(bus.records.get("out")?.[0], "h"), "v");
});

Deno.test("raw values a handler returns go to the output topic", async () => {
  const { bus, stream } = setUp((batch) => batch.records.map((record) => text(record).toUpperCase()), {
    outputTopic: "out",
  });
  bus.append("in", ["a", "b"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.values("out"), ['"A"', '"B"']);
});

Deno.test("a batch whose handler throws is tried again, with growing waits, and committed once", async () => {
  let calls = 0;
  const { bus, stream, clock, meter } = setUp(() => {
    if (++calls < 3) throw new Error("not yet");
    return { write: (tx) => void tx.run("row") };
  });
  bus.append("in", ["a"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.equal(calls, 3);
  assert.deepEqual(bus.rows, ["row"]);
  assert.deepEqual(clock.slept.filter((ms) => ms > 50), [150, 300]);
  assert.match(await meter.text(), /capstan_stream_retries_total\{stream="t\/g"\} 2/);
});

Deno.test("one poison record in a batch is set aside alone, with the reason; the others are done", async () => {
  const { bus, stream, meter } = setUp((batch) => {
    const poison = batch.records.find((record) => text(record) === "poison");
    if (poison) throw new Error("can't parse", { cause: new Error("at byte 3") });
    return { write: (tx) => batch.records.forEach((record) => tx.run(text(record))) };
  });
  bus.append("in", ["a", "b", "poison", "c", "d"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["a", "b", "c", "d"]);
  const letters = bus.records.get("in.dlq") ?? [];
  assert.deepEqual(bus.values("in.dlq"), ["poison"]);
  assert.equal(header(letters[0], DEAD_LETTER_HEADERS.topic), "in");
  assert.equal(header(letters[0], DEAD_LETTER_HEADERS.partition), "0");
  assert.equal(header(letters[0], DEAD_LETTER_HEADERS.offset), "2");
  assert.equal(header(letters[0], DEAD_LETTER_HEADERS.error), "can't parse: at byte 3");
  assert.equal(header(letters[0], DEAD_LETTER_HEADERS.attempts), "3");
  assert.equal(header(letters[0], DEAD_LETTER_HEADERS.time), "2023-11-14T22:13:20.000Z");
  assert.match(await meter.text(), /capstan_stream_dead_letters_total\{stream="t\/g"\} 1/);
});

Deno.test("batch.fail() tries that record alone again; the others are handled once and commit with it", async () => {
  const handled: string[][] = [];
  const { bus, stream } = setUp((batch) => {
    handled.push(batch.records.map(text));
    const later = batch.records.find((record) => text(record) === "b");
    if (later && handled.length < 3) batch.fail(later, new Error("busy"));
    const done = batch.records.filter((record) => handled.length >= 3 || text(record) !== "b").map(text);
    return { write: (tx) => done.forEach((each) => tx.run(each)) };
  });
  bus.append("in", ["a", "b", "c"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(handled, [["a", "b", "c"], ["b"], ["b"]]);
  assert.deepEqual(bus.rows, ["a", "c", "b"]);
  assert.deepEqual(bus.values("in.dlq"), []);
});

Deno.test("a record that fails at its last attempt goes to the dead-letter topic in the batch's own commit", async () => {
  const { bus, stream } = setUp((batch) => {
    for (const record of batch.records) if (text(record) === "b") batch.fail(record, "refused");
    return {
      write: (tx) => batch.records.filter((each) => text(each) !== "b").forEach((each) => tx.run(text(each))),
    };
  });
  bus.append("in", ["a", "b", "c"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["a", "c"]);
  assert.deepEqual(bus.values("in.dlq"), ["b"]);
  assert.equal(bus.committed.get("g/in"), 3);
});

Deno.test("a write that throws is the handler's failure, and its record is set aside", async () => {
  const { bus, stream } = setUp((batch) => ({
    write: (tx) => {
      for (const record of batch.records) {
        if (text(record) === "bad") throw new StoreError("constraint", "UNIQUE failed");
        tx.run(text(record));
      }
    },
  }));
  bus.append("in", ["a", "bad", "c"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["a", "c"]);
  assert.deepEqual(bus.values("in.dlq"), ["bad"]);
});

Deno.test("while the store or the bus refuses a commit, nothing is set aside and the handler is not called again", async () => {
  let calls = 0;
  const { bus, stream, lines } = setUp(() => {
    calls++;
    return { write: (tx) => void tx.run("row") };
  });
  const outage = new Error("broker away");
  bus.retryable.add(outage);
  bus.faults.commit.push(...Array.from({ length: 10 }, () => new StoreError("full", "disk full")), outage);
  bus.append("in", ["a"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.equal(calls, 1);
  assert.deepEqual(bus.rows, ["row"]);
  assert.deepEqual(bus.values("in.dlq"), []);
  assert.equal(lines.filter((line) => line.includes("WARN")).length, 1, "said once");
  assert.equal(lines.filter((line) => line.includes("works again")).length, 1);
});

Deno.test("a batch of a partition that went to another member is dropped, and the stream goes on when it is back", async () => {
  const { bus, stream } = setUp((batch) => ({ write: (tx) => void tx.run(text(batch.records[0]!)) }), {
    maxRecords: 1,
  });
  bus.beforeCommit = async () => {
    bus.beforeCommit = undefined;
    void bus.revoke("in", 0).then(() => {
      bus.committed.set("g/in", 1);
      return bus.assign("in", 0);
    });
    await Promise.resolve();
    throw new FencedError("taken over");
  };
  bus.append("in", ["a", "b"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["b"]);
});

Deno.test("a partition that refuses a commit and is not taken away is opened anew", async () => {
  const { bus, stream } = setUp((batch) => ({ write: (tx) => void tx.run(text(batch.records[0]!)) }), {
    maxRecords: 1,
  });
  bus.faults.commit.push(new FencedError("taken over"));
  bus.append("in", ["a", "b"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["a", "b"]);
  assert.equal(bus.opened.length, 2);
});

Deno.test("a subscription that breaks is opened again, and what was not committed comes again", async () => {
  const { bus, stream } = setUp((batch) => ({
    write: (tx) => batch.records.forEach((each) => tx.run(text(each))),
  }));
  bus.faults.open.push(new Error("no broker"));
  bus.faults.receive.push(new Error("connection lost"));
  bus.append("in", ["a", "b"]);
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(bus.rows, ["a", "b"]);
  assert.equal(bus.opened.length, 2);
  assert.equal(bus.closed, 2);
});

Deno.test("a paused stream takes no batch until it is resumed", async () => {
  let calls = 0;
  const { bus, stream } = setUp(() => void calls++);
  stream.pause();
  stream.start();
  bus.append("in", ["a"]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(calls, 0);
  assert.equal(stream.health().status, "degraded");
  assert.equal(await stream.lag(), 1);
  stream.resume();
  await stream.caughtUp();
  assert.equal(calls, 1);
  await stream.stop();
});

Deno.test("stop() lets the batch under way finish and commit", async () => {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const { bus, stream } = setUp(async () => {
    entered.resolve();
    await leave.promise;
    return { write: (tx) => void tx.run("row") };
  });
  bus.append("in", ["a"]);
  stream.start();
  await entered.promise;
  const stopped = stream.stop();
  leave.resolve();
  await stopped;
  assert.deepEqual(bus.rows, ["row"]);
});

Deno.test("stop() with an aborted signal drops the batch, which stays uncommitted", async () => {
  const entered = Promise.withResolvers<void>();
  const { bus, stream } = setUp((batch) =>
    new Promise((_, reject) => {
      batch.signal.addEventListener("abort", () => reject(batch.signal.reason));
      entered.resolve();
    })
  );
  bus.append("in", ["a"]);
  stream.start();
  await entered.promise;
  await stream.stop(AbortSignal.abort());
  assert.equal(bus.committed.get("g/in"), undefined);
  assert.deepEqual(bus.values("in.dlq"), []);
});

Deno.test("stop() is safe unstarted and twice", async () => {
  const { stream } = setUp(() => {});
  await stream.stop();
  await stream.stop();
});

Deno.test("caughtUp() ends when its signal aborts", async () => {
  const { bus, stream } = setUp(() => {});
  bus.append("in", ["a"]);
  await assert.rejects(stream.caughtUp(AbortSignal.abort(new Error("time is over"))), /time is over/);
});

Deno.test("batches are bounded by count and bytes", async () => {
  const sizes: number[] = [];
  const { bus, stream } = setUp((batch) => void sizes.push(batch.records.length), { maxRecords: 4 });
  bus.append("in", Array.from({ length: 10 }, (_, at) => String(at)));
  stream.start();
  await stream.caughtUp();
  await stream.stop();
  assert.deepEqual(sizes, [4, 4, 2]);
});
