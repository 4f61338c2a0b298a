import assert from "node:assert/strict";
import type { Batch, HandlerResult, StreamOptions } from "../bus/handler.ts";
import { bytes, texts, uniqueName } from "./bus_case.ts";
import { gate, type StreamCase, valuesOf } from "./stream_case.ts";

/** What holds of agents that die between storing rows and telling the bus, and of state that moves between agents. */
export const CRASH_CASES: readonly StreamCase[] = [
  {
    name:
      "an agent that died between rows and bus goes on with what it has stored: each row and output is there once",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      const options: StreamOptions = { ...counting(topic, group), maxRecords: 3, lingerMs: 1_000 };
      await bench.crashBetween(options, (batch) => counted(batch, output));
      const stored = bench.rows();
      assert.deepEqual(await bench.allOf(output, 0), []);
      const seen: string[] = [];
      const again = bench.start(options, (batch) => {
        seen.push(...valuesOf(batch));
        return counted(batch, output);
      });
      await bench.done(again);
      assert.deepEqual(bench.rows(), ["a 1", "b 2", "c 3"]);
      assert.deepEqual(texts(await bench.allOf(output, 3)), ["a 1", "b 2", "c 3"]);
      assert.deepEqual(seen, stored.length > 0 ? [] : ["a", "b", "c"], "what is stored is not handled again");
    },
  },
  {
    name: "a commit that the bus refuses for a while is tried again with the same rows and outputs",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await bench.sendTexts(topic, ["a", "b", "c"]);
      const seen: string[] = [];
      bench.refuseCommits(3);
      const stream = bench.start({ ...counting(topic, group), maxRecords: 3, lingerMs: 1_000 }, (batch) => {
        seen.push(...valuesOf(batch));
        return counted(batch, output);
      });
      await bench.done(stream);
      assert.deepEqual(seen, ["a", "b", "c"], "the handler did its work the first time");
      assert.deepEqual(bench.rows(), ["a 1", "b 2", "c 3"]);
      assert.deepEqual(texts(await bench.allOf(output, 3)), ["a 1", "b 2", "c 3"]);
    },
  },
  {
    name:
      "state moves with its partition: what another agent has handled is handled again for its rows alone",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await using other = await bench.another();
      const expected: string[] = [];
      const told = { resets: 0 };
      for (const [turn, agent] of [bench, bench, other, bench, other, bench].entries()) {
        const values = [`${turn}x`, `${turn}y`];
        await bench.sendTexts(topic, values);
        expected.push(`${values[0]} ${turn * 2 + 1}`, `${values[1]} ${turn * 2 + 2}`);
        const stream = agent.start(counting(topic, group, told), (batch) => counted(batch, output));
        await agent.done(stream);
        await stream.stop();
        assert.deepEqual(agent.rows(), expected);
      }
      assert.deepEqual(texts(await bench.allOf(output, 12)), expected);
      assert.equal(told.resets, 0, "nothing was wrong with it");
    },
  },
  {
    name: "state that another agent's work has made wrong is emptied and built anew",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await using other = await bench.another();
      await bench.sendTexts(topic, ["a", "b", "c", "d"]);
      // Its rows hold four records, and the group goes on behind the first two.
      const four: StreamOptions = { ...counting(topic, group), maxRecords: 4, lingerMs: 1_000 };
      await bench.crashBetween(four, (batch) => counted(batch, output));
      const second = gate();
      const two: StreamOptions = { ...counting(topic, group), maxRecords: 2, lingerMs: 1_000 };
      const stream = other.start(two, async (batch) => {
        if (batch.records[0]?.offset === 0) return counted(batch, output);
        second.open();
        await new Promise((_, reject) =>
          batch.signal.addEventListener("abort", () => reject(batch.signal.reason))
        );
      });
      await second.opened;
      await stream.stop(AbortSignal.abort());
      const told = { resets: 0 };
      const again = bench.start(
        { ...counting(topic, group, told), maxRecords: 2 },
        (batch) => counted(batch, output),
      );
      await bench.done(again);
      assert.deepEqual(bench.rows(), ["a 1", "b 2", "c 3", "d 4"]);
      assert.deepEqual(texts(await bench.allOf(output, 4)), ["a 1", "b 2", "c 3", "d 4"]);
      assert.equal(told.resets, 1);
    },
  },
  {
    name: "rows left over from before are never sent again once another agent has sent them",
    async run(bench) {
      const [topic, output] = [await bench.topic(), await bench.topic()];
      const group = uniqueName("group");
      await using other = await bench.another();
      await bench.sendTexts(topic, ["a", "b"]);
      await bench.crashBetween(
        { ...counting(topic, group), maxRecords: 2, lingerMs: 1_000 },
        (batch) => counted(batch, output),
      );
      const taking = other.start(counting(topic, group), (batch) => counted(batch, output));
      await other.done(taking);
      await bench.sendTexts(topic, ["c"]);
      await other.done(taking);
      await taking.stop();
      await bench.sendTexts(topic, ["d"]);
      const back = bench.start(counting(topic, group), (batch) => counted(batch, output));
      await bench.done(back);
      const expected = ["a 1", "b 2", "c 3", "d 4"];
      assert.deepEqual(texts(await bench.allOf(output, 4)), expected);
      assert.deepEqual(bench.rows(), expected);
    },
  },
];

/** A stream whose handler keeps state, for `counted`. */
export function counting(
  topic: string,
  group: string,
  told: { resets: number } = { resets: 0 },
): StreamOptions {
  return {
    ...{ topics: [topic], group, lingerMs: 0, values: "bytes" },
    state: {
      reset: (tx, { partition }) => {
        told.resets++;
        tx.run("DELETE FROM suite_rows WHERE partition = ?", partition);
      },
    },
  };
}

/** Each record's row and output say how manieth of its partition it is, which the rows alone can tell. */
export function counted(batch: Batch, output: string): HandlerResult {
  return {
    write: (tx) =>
      valuesOf(batch).map((value) => {
        const sql = "SELECT count(*) AS n FROM suite_rows WHERE partition = ?";
        const text = `${value} ${(tx.get<{ n: number }>(sql, batch.partition)?.n ?? 0) + 1}`;
        tx.run("INSERT INTO suite_rows VALUES (?, ?)", batch.partition, text);
        return { topic: output, value: bytes(text) };
      }),
  };
}
