import assert from "node:assert/strict";
import type { StreamHandler, StreamOptions } from "../bus/handler.ts";
import { texts, uniqueName } from "./bus_case.ts";
import { gate, type StreamBench, type StreamCase, valuesOf } from "./stream_case.ts";
import { counted, counting } from "./stream_crash_cases.ts";

/** What holds of a state that is made anew from its topics. */
export const REBUILD_CASES: readonly StreamCase[] = [
  {
    name: "a state made anew is as it was, nothing of it is sent again, and the stream goes on behind it",
    async run(bench) {
      const { topic, output, group } = await prepared(bench, 2);
      await bench.driver.send(["a", "b", "c"].map((value, at) => record(topic, value, at % 2)));
      const told = { resets: 0 };
      const stream = bench.start(counting(topic, group, told), (batch) => counted(batch, output));
      await bench.done(stream);
      const rows = bench.rows().sort();
      const handled = await bench.counted("capstan_stream_records_total");
      await bench.store.write((tx) => void tx.run("UPDATE suite_rows SET value = 'wrong'"));
      const figures: { done: number; total: number }[] = [];
      const rebuilt = await stream.rebuild({ onProgress: (each) => figures.push({ ...each }) });
      assert.deepEqual(bench.rows().sort(), rows);
      assert.deepEqual(rebuilt, { partitions: 2, records: 3 });
      assert.deepEqual(told, { resets: 2 });
      assert.deepEqual(stream.health(), { status: "ok" });
      assert.ok(figures.every(({ done, total }) => done <= total));
      assert.equal(await bench.counted("capstan_stream_records_total"), handled, "nothing counts twice");
      assert.equal(await bench.counted("capstan_stream_replay_left"), 0);
      await bench.driver.send([record(topic, "d", 0), record(topic, "e", 1)]);
      await bench.done(stream);
      await stream.stop();
      // The next start finds it whole.
      await bench.driver.send([record(topic, "f", 0)]);
      await bench.done(bench.start(counting(topic, group, told), (batch) => counted(batch, output)));
      const all = ["a 1", "b 1", "c 2", "d 3", "e 2", "f 4"];
      assert.deepEqual(bench.rows().sort(), all);
      assert.deepEqual(texts(await bench.allOf(output, 6)).sort(), all);
    },
  },
  {
    name: "while a state is made anew nothing else is handled; what comes meanwhile is handled after it",
    async run(bench) {
      const { topic, output, group } = await prepared(bench);
      await bench.sendTexts(topic, ["a", "b"]);
      const held = holding(output);
      const stream = bench.start({ ...counting(topic, group), maxRecords: 1 }, held.handler);
      await bench.done(stream);
      held.at("b");
      const rebuilt = stream.rebuild();
      await held.reached;
      await bench.sendTexts(topic, ["c"]);
      assert.equal(stream.health().status, "degraded");
      assert.match(stream.health().detail ?? "", /anew/);
      await assert.rejects(stream.rebuild(), { name: "TypeError", message: /wait for that/ });
      assert.deepEqual(bench.rows(), ["a 1"]);
      await assert.rejects(stream.caughtUp(AbortSignal.abort()), { name: "AbortError" });
      let whole = false;
      const caughtUp = stream.caughtUp().then(() => whole = true);
      await bench.driver.send([]);
      assert.equal(whole, false);
      held.release();
      await caughtUp;
      assert.deepEqual(await rebuilt, { partitions: 1, records: 2 });
      await bench.done(stream);
      assert.deepEqual(bench.rows(), ["a 1", "b 2", "c 3"]);
      assert.deepEqual(texts(await bench.allOf(output, 3)), ["a 1", "b 2", "c 3"]);
    },
  },
  {
    name: "an agent that died while it made its state anew goes on with that before anything else",
    async run(bench) {
      for (const dyingAt of ["a", "c", "d"]) {
        await bench.store.write((tx) => void tx.run("DELETE FROM suite_rows"));
        const { topic, output, group } = await prepared(bench);
        await bench.sendTexts(topic, ["a", "b", "c", "d"]);
        const held = holding(output);
        const options = { ...counting(topic, group), maxRecords: 1 };
        const stream = bench.start(options, held.handler);
        await bench.done(stream);
        held.at(dyingAt);
        const failed = assert.rejects(stream.rebuild(), /the next start goes on with it/);
        await held.reached;
        await stream.stop(AbortSignal.abort());
        await failed;
        const made = "abcd".indexOf(dyingAt);
        assert.equal(bench.rows().length, made);
        await bench.sendTexts(topic, ["e"]);
        const seen: string[] = [];
        const again = bench.start(options, (batch) => {
          seen.push(...valuesOf(batch));
          return counted(batch, output);
        });
        await bench.done(again);
        assert.deepEqual(seen.join(""), "abcde".slice(made), "what was made is not made again");
        assert.deepEqual(bench.rows(), ["a 1", "b 2", "c 3", "d 4", "e 5"]);
        assert.deepEqual(texts(await bench.allOf(output, 5)), ["a 1", "b 2", "c 3", "d 4", "e 5"]);
        await again.stop();
      }
    },
  },
  {
    name: "what retention has taken is not in a state that is made anew",
    async run(bench) {
      const { topic, output, group } = await prepared(bench);
      await bench.sendTexts(topic, ["a", "b", "c"]);
      const stream = bench.start(counting(topic, group), (batch) => counted(batch, output));
      await bench.done(stream);
      await bench.driver.topics.deleteRecords({ topic, partition: 0, offset: 2 });
      assert.deepEqual(await stream.rebuild(), { partitions: 1, records: 1 });
      assert.deepEqual(bench.rows(), ["c 1"]);
      await bench.driver.topics.deleteRecords({ topic, partition: 0, offset: 3 });
      assert.deepEqual(await stream.rebuild(), { partitions: 1, records: 0 });
      assert.deepEqual(bench.rows(), []);
      await bench.sendTexts(topic, ["d"]);
      await bench.done(stream);
      assert.deepEqual(bench.rows(), ["d 1"]);
      assert.deepEqual(texts(await bench.allOf(output, 4)), ["a 1", "b 2", "c 3", "d 1"]);
    },
  },
  {
    name: "a stream without state can't be made anew, and one that has handled nothing has nothing to make",
    async run(bench) {
      const { topic, output, group } = await prepared(bench);
      const stateless = bench.start({ topics: [topic] }, () => undefined);
      await assert.rejects(stateless.rebuild(), { name: "TypeError", message: /keeps none/ });
      const told = { resets: 0 };
      const stream = bench.start(counting(topic, group, told), (batch) => counted(batch, output));
      assert.equal((await stream.rebuild()).records, 0);
      await bench.sendTexts(topic, ["a"]);
      await bench.done(stream);
      assert.deepEqual(bench.rows(), ["a 1"]);
      assert.deepEqual(told, { resets: 0 });
    },
  },
  {
    name: "of partitions that are read together, one is handled at a time; the others go on",
    async run(bench) {
      const { topics, options, output } = await joining(bench);
      const [left = "", right = ""] = topics;
      const held = gate();
      const [began, other] = [gate(), gate()];
      const early: string[] = [];
      let over = false;
      const stream = bench.start(options, async (batch) => {
        if (batch.partition === 1) other.open();
        else if (batch.topic === left) {
          began.open();
          await held.opened;
        } else if (!over) early.push(...valuesOf(batch));
        return counted(batch, output);
      });
      await bench.driver.send([record(left, "a", 0)]);
      await began.opened;
      await bench.driver.send([record(right, "b", 0), record(right, "c", 1)]);
      await other.opened;
      over = true;
      held.open();
      await bench.done(stream);
      assert.deepEqual(early, []);
      assert.deepEqual(bench.rows().sort(), ["a 1", "b 2", "c 1"]);
      assert.deepEqual(texts(await bench.allOf(output, 3)).sort(), ["a 1", "b 2", "c 1"]);
    },
  },
  {
    name: "the state of partitions that are read together is made anew in the order of their records' times",
    async run(bench) {
      const { topics, options, output, now } = await joining(bench);
      const stream = bench.start(options, (batch) => counted(batch, output));
      const expected: string[] = [];
      for (const [at, value] of [..."abcdefghi"].entries()) {
        const topic = topics[at % 3 === 1 ? 1 : 0] ?? "";
        await bench.driver.send([{ ...record(topic, value, 0), timestamp: now + at }]);
        await bench.done(stream);
        expected.push(`${value} ${at + 1}`);
      }
      assert.deepEqual(bench.rows(), expected);
      assert.deepEqual(await stream.rebuild(), { partitions: 4, records: 9 });
      assert.deepEqual(bench.rows(), expected);
      assert.equal((await bench.allOf(output, 9)).length, 9);
    },
  },
  {
    name: "partitions that are read together move together: none is handled before all are as they were",
    async run(bench) {
      const { topics, options, output, now } = await joining(bench);
      const [left = "", right = ""] = topics;
      const first = bench.start(options, (batch) => counted(batch, output));
      for (const [at, topic] of [left, right, left].entries()) {
        await bench.driver.send([{ ...record(topic, "abc".charAt(at), 0), timestamp: now + at }]);
        await bench.done(first);
      }
      await first.stop();
      await bench.driver.send([{ ...record(left, "d", 0), timestamp: now + 3 }]);
      await using other = await bench.another();
      const seen: string[] = [];
      const second = other.start(options, (batch) => {
        seen.push(...valuesOf(batch));
        return counted(batch, output);
      });
      await other.done(second);
      assert.deepEqual(seen, ["a", "b", "c", "d"]);
      assert.deepEqual(other.rows(), ["a 1", "b 2", "c 3", "d 4"]);
      assert.deepEqual(texts(await bench.allOf(output, 4)), ["a 1", "b 2", "c 3", "d 4"]);
    },
  },
];

async function prepared(bench: StreamBench, partitions = 1) {
  const [topic, output] = [await bench.topic({ partitions }), await bench.topic()];
  return { topic, output, group: uniqueName("group") };
}

/** Two topics whose partitions of one number are joined. */
async function joining(bench: StreamBench) {
  const topics = [await bench.topic({ partitions: 2 }), await bench.topic({ partitions: 2 })];
  const output = await bench.topic();
  const options: StreamOptions = { ...counting("", uniqueName("group")), topics, together: true };
  // A broker takes away what is older than its retention.
  return { topics, output, options, now: Date.now() };
}

function record(topic: string, value: string, partition: number) {
  return { topic, partition, value: new TextEncoder().encode(value) };
}

/** A handler that stops before a value once it is told to, until it is released or its batch is dropped. */
function holding(output: string) {
  const [reached, released] = [gate(), gate()];
  let before: string | undefined;
  const handler: StreamHandler = async (batch) => {
    if (before !== undefined && valuesOf(batch).includes(before)) {
      reached.open();
      const dropped = gate();
      batch.signal.addEventListener("abort", dropped.open, { once: true });
      await Promise.race([released.opened, dropped.opened]);
      batch.signal.throwIfAborted();
    }
    return counted(batch, output);
  };
  return {
    handler,
    at: (value: string) => void (before = value),
    reached: reached.opened,
    release: released.open,
  };
}
