import assert from "node:assert/strict";
import type { Plugin, PluginContext } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";
import { becomes, originOf, SETTINGS, text, versioned } from "./reload_rig.ts";

Deno.test("a changed plugin is stopped, then its next instance started, on the same port; the others are left alone", async () => {
  const said: string[] = [];
  const other: Plugin = {
    name: "other",
    setup(ctx) {
      said.push("setup other");
      ctx.serve({
        name: "beside",
        listen: "127.0.0.1:0",
        handler: (_, response) => void response.end("other"),
      });
      return { stop: () => void said.push("stop other") };
    },
  };
  await withHost([other, versioned("1", said)], async ({ host }) => {
    await host.start();
    const origin = await originOf(host);
    assert.equal(await text(origin), "1");
    assert.equal(await text(`${host.adminOrigin}/version`), "1");
    const outcomes = await host.change(becomes([other, versioned("2", said)]));
    assert.deepEqual(outcomes, [{ plugin: "p", outcome: "restarted" }]);
    assert.deepEqual(said, ["setup other", "setup 1", "start 1", "setup 2", "drain 1", "stop 1", "start 2"]);
    assert.equal(await originOf(host), origin);
    assert.equal(await text(origin), "2");
    assert.equal(await text(`${host.adminOrigin}/version`), "2");
  });
});

Deno.test("nothing happens to plugins that are the same with equal settings", async () => {
  const said: string[] = [];
  const plugin = versioned("1", said);
  const pluginSettings = { p: { words: ["a"] } };
  await withHost([plugin], async ({ host }) => {
    await host.start();
    assert.deepEqual(await host.change(becomes([plugin], { pluginSettings: { p: { words: ["a"] } } })), []);
    assert.deepEqual(said, ["setup 1", "start 1"]);
    const changed = await host.change(becomes([plugin], { pluginSettings: { p: { words: ["b"] } } }));
    assert.deepEqual(changed, [{ plugin: "p", outcome: "restarted" }]);
  }, { pluginSettings });
});

Deno.test("plugins are added and removed: listeners, routes and streams come and go with them", async () => {
  const said: string[] = [];
  const seen = Promise.withResolvers<string>();
  const reader: Plugin = {
    name: "reader",
    setup(ctx) {
      ctx.topic({ name: "words", partitions: 1 });
      ctx.stream<string>({ topics: ["words"], group: "reader" }, (batch) => {
        for (const record of batch.records) seen.resolve(record.data);
      });
      ctx.route("POST", "/words", async (request) => {
        await ctx.append("words", { value: await request.text() });
        return new Response();
      });
    },
  };
  await withHost([], async ({ host }) => {
    await host.start();
    const plugin = versioned("1", said);
    assert.deepEqual(await host.change(becomes([plugin, reader])), [
      { plugin: "p", outcome: "started" },
      { plugin: "reader", outcome: "started" },
    ]);
    const origin = await originOf(host);
    assert.equal(await text(origin), "1");
    await (await fetch(`${host.adminOrigin}/words`, { method: "POST", body: "hello" })).body?.cancel();
    assert.equal(await seen.promise, "hello");
    assert.deepEqual((await host.status()).streams.map(({ name }) => name), ["reader/reader"]);
    assert.deepEqual(await host.change(becomes([])), [
      { plugin: "reader", outcome: "stopped" },
      { plugin: "p", outcome: "stopped" },
    ]);
    assert.deepEqual(said.slice(-2), ["drain 1", "stop 1"]);
    assert.deepEqual((await host.status()).streams, []);
    const gone = await fetch(`${host.adminOrigin}/version`);
    assert.equal(gone.status, 404);
    await gone.body?.cancel();
    await assert.rejects(fetch(origin), /fetch failed/);
  });
});

Deno.test("limits of the storage and topics of the log take other settings; the context of a former instance does nothing", async () => {
  let former: PluginContext | undefined;
  const plugin = (keep: boolean): Plugin => ({
    name: "p",
    setup(ctx) {
      if (keep) former = ctx;
      ctx.topic({ name: "t", partitions: 1 });
    },
  });
  await withHost([plugin(true)], async ({ host }) => {
    await host.start();
    await former?.append("t", { value: 1 });
    const settings = { ...SETTINGS, store: { min_free_disk: 2 ** 60 }, topics: { t: { partitions: 3 } } };
    await host.change(becomes([plugin(false)], { settings }));
    await assert.rejects(async () => await former?.append("t", { value: 2 }), /the agent does not run/);
    assert.equal((await host.status()).store.accepting, false);
    await host.change(becomes([plugin(false)], { settings: { ...settings, store: {} } }));
    assert.equal((await host.status()).store.accepting, true);
    assert.deepEqual(host.declaredTopics().map(({ spec }) => spec.partitions), [3]);
  });
});

Deno.test("change() before the start and after the stop is refused", async () => {
  await withHost([], async ({ host }) => {
    await assert.rejects(host.change(becomes([])), /Cannot reload: the agent was not started/);
    await host.start();
    await host.stop();
    await assert.rejects(host.change(becomes([])), /Cannot reload: the agent is stopped/);
  });
});
