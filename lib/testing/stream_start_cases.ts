import assert from "node:assert/strict";
import type { AssignedPartition, StreamOptions } from "../bus/handler.ts";
import { bytes } from "./bus_case.ts";
import { gate, type StreamBench, type StreamCase, valuesOf } from "./stream_case.ts";

const TIME = 1_700_000_000_000;

/** What holds of where streams start, and of the partitions that come to them. */
export const STREAM_START_CASES: readonly StreamCase[] = [
  {
    name:
      "a stream starts at the earliest record, an offset or a time; behind what its group has committed always",
    async run(bench) {
      const topic = await bench.topic();
      await bench.driver.send(["a", "b", "c", "d"].map((text, i) => (
        { topic, partition: 0, value: bytes(text), timestamp: TIME + i * 1_000 }
      )));
      for (
        const [from, expected] of [
          [undefined, "abcd"],
          ["earliest", "abcd"],
          [{ offset: 2 }, "cd"],
          [{ timestamp: TIME + 500 }, "bcd"],
        ] as const
      ) {
        const { group, values } = await handled(bench, { topics: [topic], from });
        assert.equal(values.join(""), expected);
        assert.deepEqual((await handled(bench, { topics: [topic], from, group })).values, []);
      }
    },
  },
  {
    name: 'a stream from "latest" gets what comes once it has its partitions',
    async run(bench) {
      const topic = await bench.topic();
      await bench.sendTexts(topic, ["old"]);
      const came = gate();
      const seen: string[] = [];
      const options: StreamOptions = { topics: [topic], from: "latest", values: "bytes" };
      const stream = bench.start({ ...options, onAssigned: () => came.open() }, (batch) => {
        seen.push(...valuesOf(batch));
      });
      await came.opened;
      await bench.sendTexts(topic, ["new"]);
      await bench.eventually("it is handled", () => Promise.resolve(seen.length > 0));
      assert.deepEqual(seen, ["new"]);
      await stream.stop();
    },
  },
  {
    name:
      'a stream from "latest" keeps its start: what comes while it is away is handled, though it had no batch',
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      await bench.sendTexts(topic, ["old"]);
      const came = gate();
      const options: StreamOptions = { topics: [topic], from: "latest" };
      const first = bench.start({ ...options, onAssigned: () => came.open() }, () => undefined);
      await came.opened;
      await first.stop();
      await bench.sendTexts(topic, ["between"]);
      await bench.sendTexts(topic, ["beside"], { partition: 1 });
      const { values } = await handled(bench, { ...options, group: first.spec.group });
      assert.deepEqual(values.sort(), ["beside", "between"]);
    },
  },
  {
    name: "onAssigned is called before the first batch of its partitions, onRevoked after the last",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      for (const partition of [0, 1]) await bench.sendTexts(topic, ["x"], { partition });
      const told: string[] = [];
      const note = (word: string) => (partitions: readonly { topic: string; partition: number }[]) => {
        for (const each of partitions) told.push(`${word} ${each.partition} ${each.topic === topic}`);
      };
      const options: StreamOptions = { topics: [topic], values: "bytes" };
      const stream = bench.start(
        { ...options, onAssigned: note("came"), onRevoked: note("went") },
        (batch) => {
          told.push(`batch ${batch.partition}`);
        },
      );
      await bench.done(stream);
      await stream.stop();
      for (const partition of [0, 1]) {
        const own = told.filter((each) => each.includes(` ${partition}`));
        assert.deepEqual(own, [`came ${partition} true`, `batch ${partition}`, `went ${partition} true`]);
      }
    },
  },
  {
    name: "onAssigned is told where group and rows are; a throw is tried again, and no batch begins before",
    async run(bench) {
      const topic = await bench.topic();
      const told: (readonly AssignedPartition[])[] = [];
      const batches = { before: 0 };
      const hook = (partitions: readonly AssignedPartition[]) => {
        told.push(partitions);
        if (told.length === 2) throw new Error("not yet");
      };
      const options: StreamOptions = { topics: [topic], values: "bytes", onAssigned: hook };
      const write = () => ({
        write: (tx: { run(sql: string): unknown }) => void tx.run("INSERT INTO suite_rows VALUES (0, 'x')"),
      });
      await bench.sendTexts(topic, ["a", "b"]);
      const first = bench.start(options, write);
      await bench.done(first);
      await first.stop();
      await bench.sendTexts(topic, ["c"]);
      const again = bench.start({ ...options, group: first.spec.group }, () => {
        if (told.length < 3) batches.before++;
      });
      await bench.done(again);
      assert.deepEqual(told, [
        [{ topic, partition: 0, committed: null, rows: null }],
        [{ topic, partition: 0, committed: 2, rows: 2 }],
        [{ topic, partition: 0, committed: 2, rows: 2 }],
      ]);
      assert.equal(batches.before, 0);
    },
  },
  {
    name: "a batch's signal aborts when its partition goes to another member, which handles the records then",
    async run(bench) {
      const topic = await bench.topic({ partitions: 2 });
      for (const partition of [0, 1]) await bench.sendTexts(topic, [`${partition}`], { partition });
      const [both, aborted, finish] = [gate(), Promise.withResolvers<number>(), gate()];
      const begun = new Set<number>();
      const committed: string[] = [];
      const options: StreamOptions = { topics: [topic], values: "bytes", lingerMs: 0 };
      const first = bench.start(options, async (batch) => {
        begun.add(batch.partition);
        if (begun.size === 2) both.open();
        await Promise.race([finish.opened, abortOf(batch.signal)]).catch((error) => {
          aborted.resolve(batch.partition);
          throw error;
        });
        committed.push(...valuesOf(batch));
      });
      await both.opened;
      const second = bench.start(
        { ...options, group: first.spec.group },
        (batch) => void committed.push(...valuesOf(batch)),
      );
      const moved = await aborted.promise;
      await bench.eventually(
        "the other has handled it",
        () => Promise.resolve(committed.includes(`${moved}`)),
      );
      finish.open();
      await bench.done(second);
      assert.deepEqual(committed.sort(), ["0", "1"]);
    },
  },
];

/** Rejects when the signal aborts. */
function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** What a stream handles until it has caught up. */
async function handled(
  bench: StreamBench,
  options: StreamOptions,
): Promise<{ group: string; values: string[] }> {
  const values: string[] = [];
  const stream = bench.start(
    { ...options, values: "bytes" },
    (batch) => void values.push(...valuesOf(batch)),
  );
  await bench.eventually("it has handled all", async () => await stream.lag() === 0);
  await stream.stop();
  return { group: stream.spec.group, values };
}
