import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { openTestAgent } from "../../../lib/testing/test_agent.ts";

const handled: string[] = [];

/** Numbers the words of each partition in its rows, and says so in its outputs. */
const counting: Plugin = {
  name: "counting",
  setup(ctx) {
    ctx.topic({ name: "numbered.v1", partitions: 1 });
    ctx.topic({ name: "own.v1", partitions: 1, localOnly: true });
    ctx.store([{
      version: 1,
      name: "words",
      up: (tx) => void tx.run("CREATE TABLE counting_words (partition INTEGER, word TEXT)"),
    }]);
    ctx.stream<string>({
      topics: ["words.v1"],
      state: {
        reset: (tx, { partition }) =>
          void tx.run("DELETE FROM counting_words WHERE partition = ?", partition),
      },
    }, (batch) => {
      handled.push(...batch.records.map(({ data }) => data));
      return {
        write: (tx) =>
          batch.records.map(({ data, key }) => {
            tx.run("INSERT INTO counting_words VALUES (?, ?)", batch.partition, data);
            const n = tx.get<{ n: number }>("SELECT count(*) AS n FROM counting_words")?.n;
            return { topic: "numbered.v1", key, value: `${data} ${n}` };
          }),
      };
    });
    ctx.route("POST", "/words", async (request) => {
      await ctx.append("words.v1", { value: await request.text() });
      await ctx.append("own.v1", { value: "noted" });
      return new Response(null, { status: 202 });
    });
  },
};

const said = (...words: string[]) => words.map((value) => ({ value }));

Deno.test("on a remote bus rows are stored and outputs published, and what is appended comes by the relay", async () => {
  await using agent = await openTestAgent(counting, { bus: "remote" });
  await agent.deliver("words.v1", said("a", "b"));
  assert.deepEqual(agent.outputs("numbered.v1").map(({ data }) => data), ["a 1", "b 2"]);
  assert.equal((await agent.request("POST", "/words", "c")).status, 202);
  await agent.settled();
  assert.deepEqual(agent.outputs("numbered.v1").map(({ data }) => data), ["a 1", "b 2", "c 3"]);
  assert.deepEqual(agent.outputs("words.v1").map(({ data }) => data), ["c"]);
  assert.deepEqual(agent.outputs("own.v1").map(({ data }) => data), ["noted"]);
  assert.equal((await (await agent.request("GET", "/admin/status")).json()).bus.driver, "kafka");
  assert.equal(agent.store.read((db) => db.all("SELECT * FROM bus_fences")).length, 1);
});

Deno.test("an agent that is killed between its rows and the bus goes on with what it stored: nothing twice", async () => {
  await using agent = await openTestAgent(counting, { bus: "remote" });
  handled.length = 0;
  await agent.deliver("words.v1", said("a"));
  agent.faults.killHandler({ at: "commit" });
  await agent.deliver("words.v1", said("b", "c"));
  assert.equal(agent.faults.kills, 1);
  assert.deepEqual(handled, ["a", "b", "c"], "the handler is not called again for what is stored");
  assert.deepEqual(agent.outputs("numbered.v1").map(({ data }) => data), ["a 1", "b 2", "c 3"]);
  agent.faults.killHandler();
  await agent.deliver("words.v1", said("d"));
  assert.deepEqual(handled, ["a", "b", "c", "d", "d"]);
  assert.deepEqual(agent.outputs("numbered.v1").map(({ data }) => data), ["a 1", "b 2", "c 3", "d 4"]);
});

Deno.test("while a remote bus is away what is appended waits on this machine; restarts lose none of it", async () => {
  await using agent = await openTestAgent(counting, { bus: "remote" });
  agent.faults.busAway();
  await agent.request("POST", "/words", "a");
  await agent.restart();
  await agent.request("POST", "/words", "b");
  assert.deepEqual([agent.outputs("words.v1"), agent.health().kafka?.status], [[], "degraded"]);
  agent.faults.busBack();
  await agent.settled();
  assert.deepEqual(agent.outputs("numbered.v1").map(({ data }) => data), ["a 1", "b 2"]);
});

Deno.test("state that comes again from the first record is built anew, and stays as it was", async () => {
  await using agent = await openTestAgent(counting, { bus: "remote" });
  await agent.deliver("words.v1", said("a", "b"));
  await agent.faults.redeliver("words.v1");
  await agent.deliver("words.v1", said("c"));
  const rows = agent.store.read((db) => db.all<{ word: string }>("SELECT word FROM counting_words"));
  assert.deepEqual(rows.map(({ word }) => word), ["a", "b", "c"]);
});
