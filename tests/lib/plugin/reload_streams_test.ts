import assert from "node:assert/strict";
import type { Plugin, StreamHandle } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";
import { becomes } from "./reload_rig.ts";

for (const overlaps of [false, true]) {
  const how = overlaps ? ", though instances overlap" : "";
  Deno.test(`a stream goes on where the former instance's was, and stays paused where it was${how}`, () =>
    streamsGoOn(overlaps));
}

async function streamsGoOn(overlaps: boolean): Promise<void> {
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  const reader = (version: string): Plugin => ({
    name: "reader",
    overlaps,
    setup(ctx) {
      ctx.topic({ name: "words", partitions: 1 });
      const words = ctx.producer("words");
      ctx.stream<string>({ topics: ["words"], group: "reader" }, (batch) => {
        for (const record of batch.records) seen.push(`${version} ${record.data}`);
        waiting.splice(0).forEach((told) => told());
      });
      ctx.route("POST", "/words", async (request) => {
        await words.send(await request.text());
        return new Response();
      });
    },
  });
  await withHost([reader("1")], async ({ host }) => {
    await host.start();
    const say = async (word: string) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await (await fetch(`${host.adminOrigin}/words`, { method: "POST", body: word })).body?.cancel();
      return { handled: promise };
    };
    await (await say("a")).handled;
    await host.change(becomes([reader("2")]));
    await (await say("b")).handled;
    const control = async (verb: string) =>
      await (await fetch(`${host.adminOrigin}/admin/streams/${verb}`, { method: "POST" })).body?.cancel();
    await control("pause");
    await host.change(becomes([reader("3")]));
    assert.deepEqual((await host.status()).streams.map(({ paused }) => paused), [true]);
    const last = await say("c");
    await control("resume");
    await last.handled;
    assert.deepEqual(seen, ["1 a", "2 b", "3 c"]);
  });
}

Deno.test("a stream in the Worker takes its next options; a handler that can't be loaded leaves the former one", async () => {
  const module = (name: string) => new URL(`./workers/${name}`, import.meta.url);
  const plugin = (options: unknown, file = "tag.ts"): Plugin => ({
    name: "w",
    overlaps: true,
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      ctx.topic({ name: "out", partitions: 1 });
      ctx.stream({
        topics: ["in"],
        group: "tagger",
        source: "local",
        worker: { module: module(file), options },
      });
      ctx.route("POST", "/in", async (request) => {
        await ctx.append("in", { value: await request.text() });
        return new Response();
      });
    },
  });
  const seen: string[] = [];
  const waiting: (() => void)[] = [];
  const reader: Plugin = {
    name: "reader",
    setup: (ctx) =>
      void ctx.stream<string>({ topics: ["out"] }, (batch) => {
        for (const record of batch.records) seen.push(record.data);
        waiting.splice(0).forEach((told) => told());
      }),
  };
  await withHost([plugin("1"), reader], async ({ host }) => {
    await host.start();
    const say = async (word: string) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      await (await fetch(`${host.adminOrigin}/in`, { method: "POST", body: word })).body?.cancel();
      await promise;
    };
    await say("a");
    const second = plugin("2");
    assert.deepEqual(await host.change(becomes([second, reader])), [{
      plugin: "w",
      outcome: "restarted",
    }]);
    await say("b");
    const [failed] = await host.change(becomes([plugin("3", "missing.ts"), reader]));
    assert.equal(failed?.outcome, "kept");
    assert.match(failed?.error ?? "", /Cannot load the handler of stream w\/tagger/);
    await say("c");
    // Another plugin's change is none of the Worker's: the handler there counts on.
    assert.deepEqual(await host.change(becomes([second, { ...reader }])), [
      { plugin: "reader", outcome: "restarted" },
    ]);
    await say("d");
    assert.deepEqual(seen, ["1 a 1", "2 b 1", "2 c 1", "2 d 2"]);
  });
});

Deno.test("a paused stream in the Worker that all share stays paused when another plugin's change starts that anew", async () => {
  const worker = (options: string) => ({ module: new URL("./workers/tag.ts", import.meta.url), options });
  const tagger = (name: string, options: string): Plugin => ({
    name,
    setup(ctx) {
      ctx.topic({ name: `in-${name}`, partitions: 1 });
      if (name === "a") ctx.topic({ name: "out", partitions: 1 });
      ctx.stream({ topics: [`in-${name}`], source: "local", worker: worker(options) });
    },
  });
  const first = tagger("a", "1");
  await withHost([first], async ({ host }) => {
    await host.start();
    await (await fetch(`${host.adminOrigin}/admin/streams/pause`, { method: "POST" })).body?.cancel();
    await host.change(becomes([first, tagger("b", "1")]));
    const states = async () =>
      (await host.status()).streams.map(({ name, where, paused }) => [name, where, paused]);
    const both = [["a/a", "worker", true], ["b/b", "worker", false]];
    assert.deepEqual(await states(), both);
    // One that can't be started leaves none of its streams behind, and the Worker as it was.
    const missing: Plugin = {
      name: "c",
      setup(ctx) {
        ctx.topic({ name: "in-c", partitions: 1 });
        const module = new URL("./workers/missing.ts", import.meta.url);
        ctx.stream({ topics: ["in-c"], source: "local", worker: { module } });
      },
    };
    const outcomes = await host.change(becomes([first, tagger("b", "1"), missing]));
    assert.match(outcomes.find(({ plugin }) => plugin === "c")?.error ?? "", /Cannot load the handler/);
    assert.deepEqual(await states(), both);
  });
});

Deno.test("where the next instance's Worker can't run, topics have the values of the former one again", async () => {
  const seen: string[] = [];
  let send: ((word: string) => Promise<unknown>) | undefined;
  let out: StreamHandle | undefined;
  const tagger: { in?: StreamHandle } = {};
  const plugin = (codec: "text" | "json", file: string): Plugin => ({
    name: "w",
    overlaps: true,
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 }, { codec });
      ctx.topic({ name: "out", partitions: 1 });
      const words = ctx.producer("in");
      const module = new URL(`./workers/${file}`, import.meta.url);
      const handle = ctx.stream({ topics: ["in"], source: "local", worker: { module, options: codec } });
      if (codec === "text") [send, tagger.in] = [(word) => words.send(word), handle];
    },
  });
  const reader: Plugin = {
    name: "reader",
    setup: (ctx) => {
      out = ctx.stream<string>(
        { topics: ["out"] },
        ({ records }) => void seen.push(...records.map(({ data }) => data)),
      );
    },
  };
  const first = plugin("text", "tag.ts");
  await withHost([first, reader], async ({ host }) => {
    await host.start();
    const [failed] = await host.change(becomes([plugin("json", "missing.ts"), reader]));
    assert.equal(failed?.outcome, "kept");
    await send?.("a");
    await tagger.in?.caughtUp();
    await out?.caughtUp();
    assert.deepEqual(seen, ["text a 1"]);
  });
});
