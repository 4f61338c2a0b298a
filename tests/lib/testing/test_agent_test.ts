import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { openTestAgent } from "../../../lib/testing/test_agent.ts";

const settings = {
  fail_on: { type: "string", default: "", doc: "Word that fails." },
} as const;

/** Counts words in a table, shouts them, and has one of everything. */
const words: Plugin<typeof settings> = {
  name: "words",
  config: settings,
  setup(ctx, config) {
    ctx.topic({ name: "shouts.v1", partitions: 2 });
    const store = ctx.store([{
      version: 1,
      name: "words",
      up: (tx) => void tx.run("CREATE TABLE words (word TEXT PRIMARY KEY, times INTEGER NOT NULL)"),
    }]);
    const handled = ctx.counter({ name: "handled_total", help: "Words.", labels: ["first"] });
    ctx.stream<{ word: string }>({ topics: ["words.v1"] }, (batch) => {
      for (const record of batch.records) {
        if (record.data.word === config.fail_on) batch.fail(record, new Error(`no ${config.fail_on}`));
        handled.inc({ first: record.data.word[0] ?? "" });
      }
      const kept = batch.records.filter(({ data }) => data.word !== config.fail_on);
      return {
        outputs: kept.map(({ key, data }) => ({ topic: "shouts.v1", key, value: data.word.toUpperCase() })),
        write(tx) {
          for (const { data } of kept) {
            tx.run(
              "INSERT INTO words VALUES (?, 1) ON CONFLICT DO UPDATE SET times = times + 1",
              data.word,
            );
          }
        },
      };
    });
    ctx.route("GET", "/words/:word", (_request, { word = "" }) => {
      const found = store.read((db) => db.get("SELECT times FROM words WHERE word = ?", word));
      return Response.json(found ?? null, { status: found ? 200 : 404 });
    });
    ctx.route("POST", "/words", async (request) => {
      await ctx.append("words.v1", { value: await request.json() });
      return new Response(null, { status: 202 });
    });
    ctx.command({
      path: "words",
      doc: "Prints words.",
      args: [{ name: "[word]", doc: "one" }],
      options: [{ flags: "-m, --at-least <times>", doc: "times", default: "1" }],
      async run({ args: [word], options, store: own, stdout, stderr }) {
        const rows = own.read((db) =>
          db.all<{ word: string; times: number }>("SELECT * FROM words ORDER BY word")
        );
        for (const each of rows) {
          if (each.times < Number(options.atLeast) || (word ?? each.word) !== each.word) continue;
          await stdout.write(`${each.word} ${each.times}\n`);
        }
        if (word === "none") throw new Error("Cannot print none");
        await stderr.write("done\n");
        return rows.length === 0 ? 3 : 0;
      },
    });
    ctx.serve({
      name: "front",
      listen: "127.0.0.1:80",
      handler: (request, response) => response.end(`hello ${request.url}`),
    });
    return {
      start: () => ctx.log.info("words are counted", { at: ctx.now() }),
      health: () => ({ status: "degraded", detail: "as always" }),
    };
  },
};

const counts = "SELECT word, times FROM words ORDER BY word";
const said = (...all: string[]) => all.map((word) => ({ value: { word }, key: word }));

Deno.test("deliver() resolves when records are handled: rows, outputs and metrics are there", async () => {
  await using agent = await openTestAgent(words);
  await agent.deliver("words.v1", said("one", "two", "one"));
  assert.deepEqual(agent.store.read((db) => db.all(counts)).map((row) => ({ ...row })), [
    { word: "one", times: 2 },
    { word: "two", times: 1 },
  ]);
  const outputs = agent.outputs<string>("shouts.v1");
  assert.deepEqual(outputs.map(({ key, data }) => `${key} ${data}`).sort(), [
    "one ONE",
    "one ONE",
    "two TWO",
  ]);
  assert.deepEqual(agent.published(), outputs, "what was delivered is not the plugin's");
  assert.equal(await agent.metrics("handled_total"), 3);
  assert.equal(await agent.metrics("capstan_words_handled_total", { first: "o" }), 2);
  assert.equal(await agent.metrics("no_such_total"), undefined);
});

Deno.test("records that share a partition come in one batch, however often the plugin would linger", async () => {
  const sizes: number[] = [];
  const plugin: Plugin = {
    name: "sizes",
    setup: (ctx) =>
      void ctx.stream({ topics: ["in"], lingerMs: 60_000 }, (batch) => void sizes.push(batch.records.length)),
  };
  await using agent = await openTestAgent(plugin);
  await agent.deliver("in", [{ value: 1 }, { value: 2 }, { value: 3 }]);
  await agent.deliver("in", [{ value: 4 }]);
  assert.deepEqual(sizes, [3, 1]);
});

Deno.test("routes answer without a socket, commands beside the agent, listeners on a free port", async () => {
  await using agent = await openTestAgent(words);
  assert.equal((await agent.request("GET", "/words/one")).status, 404);
  assert.equal((await agent.request("POST", "/words", { word: "one" })).status, 202);
  await agent.settled();
  const found = await agent.request("GET", "/words/one");
  assert.deepEqual([found.status, await found.json()], [200, { times: 1 }]);
  assert.deepEqual(agent.published().map(({ topic, data }) => [topic, data]), [
    ["shouts.v1", "ONE"],
    ["words.v1", { word: "one" }],
  ]);
  await agent.deliver("words.v1", said("one", "two"));
  assert.deepEqual(await agent.command("words"), { code: 0, stdout: "one 2\ntwo 1\n", stderr: "done\n" });
  assert.equal((await agent.command("words", [], { atLeast: "2" })).stdout, "one 2\n");
  const failed = await agent.command("words", ["none"]);
  assert.deepEqual([failed.code, failed.stderr], [1, "Cannot print none\n"]);
  await assert.rejects(agent.command("words", ["a", "b"]), /it takes 1 arguments, not 2/);
  await assert.rejects(
    agent.command("words", [], { most: "1" }),
    /it has no option most; it has \[atLeast\]/,
  );
  await assert.rejects(agent.command("wrods"), /no plugin has such a command; there are \[words\]/);
  const front = await fetch(`${agent.serve("front")}/x`);
  assert.equal(await front.text(), "hello /x");
  assert.throws(() => agent.serve("back"), /the plugin has front/);
});

Deno.test("the clock stands still but for advance(), and who sleeps wakes on the way", async () => {
  const ticks: number[] = [];
  const plugin: Plugin = {
    name: "ticker",
    setup(ctx) {
      ctx.topic({ name: "ticks", partitions: 1 });
      const stop = new AbortController();
      const loop = async () => {
        while (!stop.signal.aborted) {
          await ctx.sleep(1_000, stop.signal);
          if (stop.signal.aborted) return;
          ticks.push(ctx.now());
          await ctx.append("ticks", { value: ctx.now() });
        }
      };
      let running: Promise<void> | undefined;
      return {
        start: () => void (running = loop()),
        async stop() {
          stop.abort();
          await running;
        },
      };
    },
  };
  await using agent = await openTestAgent(plugin, { now: 0 });
  assert.equal(agent.clock.now, 0);
  await agent.clock.advance(2_500);
  assert.deepEqual(ticks, [1_000, 2_000]);
  assert.deepEqual(agent.outputs("ticks").map(({ data, timestamp }) => [data, timestamp]), [
    [1_000, 1_000],
    [2_000, 2_000],
  ]);
  await agent.clock.advance(500);
  assert.equal(agent.outputs("ticks").length, 3);
});

Deno.test("a record that fails at every attempt becomes a dead letter; the time of its waits has passed", async () => {
  await using agent = await openTestAgent(words, { config: { fail_on: "bad" } });
  const before = agent.clock.now;
  await agent.deliver("words.v1", said("good", "bad"));
  const [letter] = agent.deadLetters("words.v1");
  assert.deepEqual([letter?.data, letter?.error, letter?.attempts], [{ word: "bad" }, "no bad", 5]);
  assert.deepEqual(agent.outputs("shouts.v1").map(({ data }) => data), ["GOOD"]);
  assert.equal(agent.clock.now - before, 150 + 300 + 600 + 1_200);
});

Deno.test('with backOff "wait" the next attempt is made when advance() comes to it', async () => {
  let calls = 0;
  const plugin: Plugin = {
    name: "failing",
    setup: (ctx) =>
      void ctx.stream({ topics: ["in"] }, () => {
        if (++calls < 3) throw new Error("not yet");
      }),
  };
  await using agent = await openTestAgent(plugin, { backOff: "wait" });
  const delivered = agent.deliver("in", [{ value: 1 }]);
  await agent.clock.backingOff();
  await agent.clock.advance(149);
  assert.equal(calls, 1);
  await agent.clock.advance(1);
  assert.equal(calls, 2);
  await agent.clock.advance(300);
  await delivered;
  assert.equal(calls, 3);
});

Deno.test("restart() goes on with the same data in a new instance", async () => {
  await using agent = await openTestAgent(words);
  await agent.deliver("words.v1", said("one"));
  await agent.restart();
  await agent.deliver("words.v1", said("one"));
  assert.equal(agent.store.read((db) => db.get<{ times: number }>(counts))?.times, 2);
  assert.equal(await agent.metrics("handled_total"), 1, "metrics begin anew");
  assert.equal(agent.logs.filter(({ message }) => message === "words are counted").length, 2);
  assert.deepEqual(agent.logs.find(({ component }) => component === "words"), {
    level: "info",
    message: "words are counted",
    component: "words",
    fields: { at: Date.parse("2026-01-01T00:00:00Z") },
  });
  assert.deepEqual(agent.health().words, { status: "degraded", detail: "as always" });
});

Deno.test("killHandler() loses what a handler gave, and the batch comes again to the next agent", async () => {
  await using agent = await openTestAgent(words);
  agent.faults.killHandler({ after: 1 });
  await agent.deliver("words.v1", said("one"));
  assert.equal(agent.faults.kills, 0);
  await agent.deliver("words.v1", said("one", "two"));
  assert.equal(agent.faults.kills, 1);
  assert.deepEqual(agent.store.read((db) => db.all(counts)).map(({ times }) => times), [2, 1]);
  assert.deepEqual(agent.outputs("shouts.v1").map(({ data }) => data).sort(), ["ONE", "ONE", "TWO"]);
});

Deno.test("a killed agent stores nothing any more, not even in its stop()", async () => {
  const last: string[] = [];
  const plugin: Plugin = {
    name: "last",
    setup(ctx) {
      ctx.topic({ name: "words.v1", partitions: 1 });
      const store = ctx.store([{
        version: 1,
        name: "last",
        up: (tx) => void tx.run("CREATE TABLE last_words (word TEXT)"),
      }]);
      ctx.stream({ topics: ["in"] }, () => {});
      return {
        async stop() {
          const said = await Promise.allSettled([
            store.write((tx) => void tx.run("INSERT INTO last_words VALUES ('still here')")),
            ctx.append("words.v1", { value: "still here" }),
          ]);
          last.push(...said.map(({ status }) => status));
        },
      };
    },
  };
  await using agent = await openTestAgent(plugin);
  agent.faults.killHandler();
  await agent.deliver("in", [{ value: 1 }]);
  assert.deepEqual(last, ["rejected", "rejected"]);
  assert.deepEqual(agent.outputs("words.v1"), []);
  assert.deepEqual(agent.store.read((db) => db.all("SELECT * FROM last_words")), []);
});

Deno.test("redeliver() brings a topic's records again", async () => {
  await using agent = await openTestAgent(words);
  await agent.deliver("words.v1", said("one", "two"));
  await agent.faults.redeliver("words.v1");
  await agent.settled();
  assert.deepEqual(agent.store.read((db) => db.all(counts)).map(({ times }) => times), [2, 2]);
});

Deno.test("while the bus is away nothing is handled; when it is back, all is", async () => {
  await using agent = await openTestAgent(words);
  agent.faults.busAway();
  const delivered = agent.deliver("words.v1", said("one"));
  assert.equal((await agent.request("POST", "/words", { word: "two" })).status, 202);
  await agent.clock.advance(5_000);
  assert.deepEqual(agent.outputs("shouts.v1"), []);
  agent.faults.busBack();
  await delivered;
  assert.equal(agent.outputs("shouts.v1").length, 2);
});

Deno.test("while the store fails nothing is stored, and the handler's work is stored once when it heals", async () => {
  await using agent = await openTestAgent(words);
  agent.faults.storeFails("full");
  const delivered = agent.deliver("words.v1", said("one"));
  assert.equal((await agent.request("POST", "/words", { word: "two" })).status, 500);
  await agent.clock.backingOff();
  assert.equal(agent.store.read((db) => db.get(counts)), undefined);
  agent.faults.storeHeals();
  await delivered;
  assert.equal(agent.store.read((db) => db.get<{ times: number }>(counts))?.times, 1);
});

Deno.test("while the store fails no append is taken, however many come at once", async () => {
  const many: Plugin = {
    name: "many",
    setup(ctx) {
      ctx.topic({ name: "out", partitions: 1 });
      ctx.route("POST", "/many", async () => {
        const sent = Array.from({ length: 20 }, (_, value) => ctx.append("out", { value }));
        const results = await Promise.allSettled(sent);
        return Response.json(results.filter(({ status }) => status === "fulfilled").length);
      });
    },
  };
  await using agent = await openTestAgent(many);
  const stored = async () => await (await agent.request("POST", "/many")).json();
  // More than one round: what appends from a thread of its own has begun by then.
  for (let round = 0; round < 5; round++) assert.equal(await stored(), 20);
  agent.faults.storeFails("io");
  assert.equal(await stored(), 0);
  agent.faults.storeHeals();
  assert.equal(await stored(), 20);
  assert.equal(agent.outputs("out").length, 120);
});

Deno.test("what can't be is told at once, by what it was", async () => {
  await using agent = await openTestAgent(words);
  await assert.rejects(agent.deliver("words.v2", []), /no stream reads it; the plugin reads words\.v1/);
  await assert.rejects(openTestAgent(words, { config: { fail_no: "x" } }), /fail_on/);
  await assert.rejects(openTestAgent(words, { config: "fail_on = 3" }), /plugins\.words\.fail_on/);
  const throwing: Plugin = {
    name: "throwing",
    setup: () => ({
      start() {
        throw new Error("no start");
      },
    }),
  };
  await assert.rejects(openTestAgent(throwing), /Cannot start plugin throwing: no start/);
});

Deno.test("waiting for what never comes fails with its reason", async () => {
  const stuck: Plugin = {
    name: "stuck",
    setup: (ctx) =>
      void ctx.stream(
        { topics: ["in"] },
        ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
      ),
  };
  await using agent = await openTestAgent(stuck, { deadlineMs: 3_000 });
  await assert.rejects(agent.deliver("in", [{ value: 1 }]), /stream stuck\/stuck has not handled 1 records/);
  const stopping: Plugin = {
    name: "stopping",
    setup: (ctx) =>
      void ctx.stream({ topics: ["in"], onFailure: "stop" }, () => {
        throw new Error("never");
      }),
  };
  await using stopped = await openTestAgent(stopping);
  await assert.rejects(stopped.deliver("in", [{ value: 1 }]), /stopped: .*offset 0 of in\/0[^]*never/);
});
