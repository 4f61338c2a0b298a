import assert from "node:assert/strict";
import type { Batch } from "../bus/handler.ts";
import { bytes } from "./bus_case.ts";
import { gate, type StreamBench, type StreamCase, valuesOf } from "./stream_case.ts";

/** Milliseconds no case waits. */
const FOR_EVER = 3_600_000;

/** What holds of batches: their bounds, and how many are worked on at once. */
export const BATCH_CASES: readonly StreamCase[] = [
  {
    name: "batches are of one partition, in order, with at most `maxRecords`",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      const sent = numbers(25);
      for (const partition of [0, 1]) await bench.sendTexts(topic, sent, { partition });
      const seen: [string[], string[]] = [[], []];
      const sizes: number[] = [];
      const stream = bench.start(
        { topics: [topic], maxRecords: 10, lingerMs: 0, values: "bytes" },
        (batch) => {
          assert.equal(batch.topic, topic);
          assert.ok(
            batch.records.every((each) => each.partition === batch.partition && each.topic === topic),
          );
          seen[batch.partition === 0 ? 0 : 1].push(...valuesOf(batch));
          sizes.push(batch.records.length);
        },
      );
      await bench.done(stream);
      assert.deepEqual(seen, [sent, sent]);
      assert.ok(Math.max(...sizes) <= 10, `${sizes}`);
    },
  },
  {
    name: "batches keep to `maxBytes` but for the first record",
    async run(bench) {
      const topic = await bench.topic();
      const [small, big] = ["s".repeat(100), "b".repeat(1_000)];
      await bench.sendTexts(topic, [small, small, big, small, small, small, small]);
      const batches: number[][] = [];
      const options = {
        topics: [topic],
        maxBytes: 350,
        lingerMs: FOR_EVER,
        maxRecords: 100,
        values: "bytes",
      } as const;
      bench.start(options, (batch) => void batches.push(valuesOf(batch).map((value) => value.length)));
      await bench.eventually("six records came", () => Promise.resolve(batches.flat().length >= 6));
      for (const batch of batches) {
        assert.ok(batch.length === 1 || batch.reduce((sum, size) => sum + size) <= 350, `${batch}`);
      }
      assert.deepEqual(batches.flat(), [100, 100, 1_000, 100, 100, 100, 100].slice(0, batches.flat().length));
    },
  },
  {
    name: "a batch waits for `lingerMs` to fill, and begins as soon as it is full",
    async run(bench) {
      const topic = await bench.topic();
      const seen: string[][] = [];
      const came = gate();
      const options = { topics: [topic], lingerMs: FOR_EVER, maxRecords: 3, values: "bytes" } as const;
      const stream = bench.start({ ...options, onAssigned: () => came.open() }, (batch) => {
        seen.push(valuesOf(batch));
      });
      await came.opened;
      await bench.sendTexts(topic, ["a"]);
      await bench.sendTexts(topic, ["b"]);
      await bench.sendTexts(topic, ["c", "d"]);
      await bench.eventually("a full batch came", () => Promise.resolve(seen.length > 0));
      assert.deepEqual(seen, [["a", "b", "c"]]);
      await stream.stop();
      // What had not filled comes again.
      const group = stream.spec.group;
      const again = bench.start({ topics: [topic], group, lingerMs: 20, values: "bytes" }, (batch) => {
        seen.push(valuesOf(batch));
      });
      await bench.done(again);
      assert.deepEqual(seen, [["a", "b", "c"], ["d"]]);
    },
  },
  {
    name: "partitions are worked on side by side, `concurrency` at most, and each has one batch at a time",
    async run(bench) {
      const topic = await bench.topic({ partitions: 5 });
      for (let partition = 0; partition < 5; partition++) {
        await bench.sendTexts(topic, numbers(6), { partition });
      }
      const at = new Set<number>();
      const most = { partitions: 0 };
      const three = gate();
      const seen = new Map<number, string[]>();
      const options = {
        topics: [topic],
        concurrency: 3,
        maxRecords: 2,
        lingerMs: 0,
        values: "bytes",
      } as const;
      const stream = bench.start(options, async (batch) => {
        assert.ok(!at.has(batch.partition), "two batches of one partition at once");
        at.add(batch.partition);
        most.partitions = Math.max(most.partitions, at.size);
        if (at.size === 3) three.open();
        await three.opened;
        // Whoever may come beside it has its chance.
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.set(batch.partition, [...seen.get(batch.partition) ?? [], ...valuesOf(batch)]);
        at.delete(batch.partition);
      });
      await bench.done(stream);
      assert.equal(most.partitions, 3);
      assert.deepEqual([...seen.keys()].sort(), [0, 1, 2, 3, 4]);
      for (const values of seen.values()) assert.deepEqual(values, numbers(6));
    },
  },
  {
    name: "while handlers are busy, no more is taken from the bus than the next batches hold",
    async run(bench) {
      const topic = await bench.topic({ partitions: 4 });
      for (let partition = 0; partition < 4; partition++) {
        await bench.sendTexts(topic, numbers(100), { partition });
      }
      const taken = countTaken(bench);
      const busy = gate();
      const begun = { batches: 0 };
      const options = {
        topics: [topic],
        concurrency: 2,
        maxRecords: 5,
        lingerMs: 0,
        values: "bytes",
      } as const;
      const stream = bench.start(options, async () => {
        begun.batches++;
        await busy.opened;
      });
      await bench.eventually("two batches began", () => Promise.resolve(begun.batches === 2));
      // Long enough for a reader without bounds to take it all.
      for (let look = 0; look < 10; look++) await bench.driver.ping();
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.ok(taken.records <= 2 * 2 * 5, `${taken.records} records were taken`);
      assert.equal(await stream.lag(), 400);
      busy.open();
      await bench.done(stream);
      assert.equal(taken.records, 400);
    },
  },
  {
    name: "pause() lets the batch under way finish and begins no other; resume() goes on",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a"]);
      const [begun, finish] = [gate(), gate()];
      const seen: string[] = [];
      const stream = bench.start(
        { topics: [topic], maxRecords: 1, lingerMs: 0, values: "bytes" },
        async (batch) => {
          begun.open();
          await finish.opened;
          seen.push(...valuesOf(batch));
        },
      );
      await begun.opened;
      stream.pause();
      assert.equal(stream.paused, true);
      await bench.sendTexts(topic, ["b", "c"]);
      finish.open();
      await bench.eventually("a is committed", async () => await stream.lag() === 2);
      for (let look = 0; look < 5; look++) await bench.driver.ping();
      assert.deepEqual(seen, ["a"]);
      stream.resume();
      await bench.done(stream);
      assert.deepEqual(seen, ["a", "b", "c"]);
    },
  },
  {
    name: "stop() finishes the batch under way and begins no other",
    async run(bench) {
      const topic = await bench.topic();
      const output = await bench.topic();
      await bench.sendTexts(topic, ["a", "b", "c"]);
      const [begun, finish] = [gate(), gate()];
      const seen: string[] = [];
      const options = {
        topics: [topic],
        maxRecords: 1,
        lingerMs: 0,
        outputTopic: output,
        values: "bytes",
      } as const;
      const stream = bench.start(options, async (batch) => {
        seen.push(...valuesOf(batch));
        begun.open();
        await finish.opened;
        return valuesOf(batch).map(bytes);
      });
      await begun.opened;
      const stopping = stream.stop();
      finish.open();
      await stopping;
      assert.deepEqual(seen, ["a"]);
      await bench.committed(stream.spec.group, topic, [1]);
      assert.deepEqual(valuesOf({ records: await streamRecords(bench, output, 1) }), ["a"]);
      await stream.stop();
    },
  },
  {
    name: "stop() drops the batch under way when its signal aborts; it is delivered again",
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["a"]);
      const begun = gate();
      const told: { signal?: AbortSignal } = {};
      const stream = bench.start({ topics: [topic], lingerMs: 0, values: "bytes" }, async (batch) => {
        told.signal = batch.signal;
        begun.open();
        await new Promise((_, reject) =>
          batch.signal.addEventListener("abort", () => reject(batch.signal.reason))
        );
      });
      await begun.opened;
      await stream.stop(AbortSignal.abort());
      assert.equal(told.signal?.aborted, true);
      const seen: string[] = [];
      const again = bench.start({ topics: [topic], group: stream.spec.group, values: "bytes" }, (batch) => {
        seen.push(...valuesOf(batch));
      });
      await bench.done(again);
      assert.deepEqual(seen, ["a"]);
    },
  },
];

async function streamRecords(bench: StreamBench, topic: string, count: number): Promise<Batch["records"]> {
  const records = await bench.allOf(topic, count);
  return records.map((record) => ({ ...record, data: record.value, keyText: null }));
}

/** Counts what streams take from the driver from now on. */
function countTaken(bench: StreamBench): { records: number } {
  const taken = { records: 0 };
  const { driver } = bench;
  const open = driver.open.bind(driver);
  driver.open = async (options) => {
    const subscription = await open(options);
    const receive = subscription.receive.bind(subscription);
    subscription.receive = async (wanted) => {
      const batch = await receive(wanted);
      taken.records += batch?.records.length ?? 0;
      return batch;
    };
    return subscription;
  };
  return taken;
}

function numbers(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${i}`);
}
