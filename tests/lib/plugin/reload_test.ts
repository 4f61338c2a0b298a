import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { Plugin, PluginContext } from "../../../lib/plugin/contract.ts";
import type { HostChange } from "../../../lib/plugin/host_contract.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { withHost } from "./rig.ts";

/** Settings every agent here has, and the time its plugins have to end what is under way. */
const SETTINGS = { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };

function becomes(plugins: readonly Plugin[], more: Partial<HostChange> = {}): HostChange {
  return { plugins, pluginSettings: {}, settings: SETTINGS, drainMs: 60_000, ...more };
}

/** A plugin that says what is called, and answers its version on a listener and on a route. */
function versioned(
  version: string,
  said: string[],
  more: Partial<Plugin> & { listen?: string } = {},
): Plugin {
  const { listen = "127.0.0.1:0", ...rest } = more;
  return {
    name: "p",
    setup(ctx) {
      said.push(`setup ${version}`);
      ctx.route("GET", "/version", () => new Response(version));
      ctx.serve({ name: "own", listen, handler: (_request, response) => void response.end(version) });
      return {
        start: () => void said.push(`start ${version}`),
        drain: () => void said.push(`drain ${version}`),
        stop: () => void said.push(`stop ${version}`),
      };
    },
    ...rest,
  };
}

async function originOf(
  host: { status(): Promise<{ listeners: readonly { name: string; origin: string }[] }> },
) {
  const found = (await host.status()).listeners.find(({ name }) => name === "own")?.origin;
  assert.ok(found, "the plugin's listener is open");
  return found;
}

const text = async (url: string) => await (await fetch(url)).text();

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

Deno.test("a next instance that can't be set up, or opens a port that is taken, leaves the former one running", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const address = blocker.address();
  const taken = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  const said: string[] = [];
  try {
    await withHost([versioned("1", said)], async ({ host, lines }) => {
      await host.start();
      const broken: Plugin = {
        name: "p",
        setup(ctx) {
          ctx.topic({ name: "half", partitions: 1 });
          throw new Error("no");
        },
      };
      const [first] = await host.change(becomes([broken]));
      assert.deepEqual([first?.plugin, first?.outcome], ["p", "kept"]);
      assert.match(first?.error ?? "", /^Cannot set up plugin p: no; correct it, or set plugins\.p\.enabled/);
      const [second] = await host.change(becomes([versioned("2", said, { listen: taken })]));
      assert.equal(second?.outcome, "kept");
      assert.match(second?.error ?? "", /another listener of this one, has it/);
      assert.deepEqual(said, ["setup 1", "start 1", "setup 2"]);
      assert.equal(await text(await originOf(host)), "1");
      assert.match(lines.join("\n"), /could not be changed; it goes on as it was.*plugin=p/);
      assert.deepEqual(host.topics().map(({ name }) => name), []);
    });
  } finally {
    blocker.close();
  }
});

Deno.test("when the next instance does not start, the former one's code is started again", async () => {
  const said: string[] = [];
  const failing = versioned("2", said);
  const setup: Plugin["setup"] = (ctx, config) => ({
    ...failing.setup(ctx, config),
    start: () => {
      throw new Error("no such server");
    },
  });
  await withHost([versioned("1", said)], async ({ host }) => {
    await host.start();
    const origin = await originOf(host);
    const [outcome] = await host.change(becomes([{ ...failing, setup }]));
    assert.equal(outcome?.outcome, "kept");
    assert.match(outcome?.error ?? "", /Cannot start plugin p: no such server/);
    assert.deepEqual(said, [
      ...["setup 1", "start 1", "setup 2", "drain 1", "stop 1", "stop 2"],
      ...["setup 1", "start 1"],
    ]);
    assert.equal(await text(origin), "1");
  });
});

Deno.test("a plugin that can't even be started as it was is down, the agent stays up, and the next change tries again", async () => {
  const said: string[] = [];
  let broken = false;
  const plugin = (version: string): Plugin => ({
    ...versioned(version, said),
    setup: (ctx, config) => ({
      ...versioned(version, said).setup(ctx, config),
      start: () => {
        if (broken) throw new Error("no");
      },
    }),
  });
  await withHost([plugin("1")], async ({ host, lines }) => {
    await host.start();
    const origin = await originOf(host);
    broken = true;
    const [outcome] = await host.change(becomes([plugin("2")]));
    assert.equal(outcome?.outcome, "down");
    assert.equal(host.health().p?.status, "degraded");
    assert.match(lines.join("\n"), /A plugin does not run; the next change tries again\. .*plugin=p/);
    const answer = await fetch(origin);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /is down/);
    broken = false;
    assert.deepEqual(await host.change(becomes([plugin("3")])), [{ plugin: "p", outcome: "started" }]);
    assert.equal(await text(origin), "3");
    assert.equal(host.health().p, undefined);
  });
});

Deno.test("requests that come between two instances wait for the next one, on listeners and routes", async () => {
  const draining = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const said: string[] = [];
  const slow: Plugin = {
    ...versioned("1", said),
    setup: (ctx, config) => ({
      ...versioned("1", said).setup(ctx, config),
      drain: async () => {
        draining.resolve();
        await finish.promise;
      },
    }),
  };
  await withHost([slow], async ({ host }) => {
    await host.start();
    const origin = await originOf(host);
    const changed = host.change(becomes([versioned("2", said)]));
    await draining.promise;
    const [own, route] = [text(origin), text(`${host.adminOrigin}/version`)];
    // Time enough to be answered by the former instance, if it were.
    for (let look = 0; look < 10; look++) await text(`${host.adminOrigin}/healthz`);
    finish.resolve();
    assert.deepEqual(await changed, [{ plugin: "p", outcome: "restarted" }]);
    assert.deepEqual([await own, await route], ["2", "2"]);
  });
});

/** A plugin whose answers end when they are told to; its instances may overlap. */
function streaming(version: string, stops: Promise<void> = Promise.resolve()) {
  const answers: ServerResponse[] = [];
  const drained = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const plugin: Plugin = {
    name: "p",
    overlaps: true,
    setup(ctx) {
      const active = new Set<IncomingMessage>();
      ctx.gauge({ name: "active", help: "Now.", collect: () => active.size });
      const requests = ctx.counter({ name: "requests_total", help: "So far." });
      ctx.serve({
        name: "own",
        listen: "127.0.0.1:0",
        handler: (request, response) => {
          requests.inc();
          active.add(request);
          response.on("close", () => active.delete(request));
          response.write(`${version}:`);
          answers.push(response);
          asked.resolve();
        },
      });
      return { drain: () => drained.resolve(), stop: () => stops.then(() => stopped.resolve()) };
    },
  };
  return { plugin, answers, drained: drained.promise, stopped: stopped.promise, asked: asked.promise };
}

Deno.test("where instances overlap, an answer under way ends with the former one, and new calls go to the next at once", async () => {
  const [first, second] = [streaming("1"), streaming("2")];
  const meter = createMeter();
  await withHost([first.plugin], async ({ host }) => {
    await host.start();
    const origin = await originOf(host);
    const before = await fetch(origin);
    await first.asked;
    assert.deepEqual(await host.change(becomes([second.plugin])), [{ plugin: "p", outcome: "restarted" }]);
    const after = await fetch(origin);
    await second.asked;
    assert.match(await meter.text(), /^capstan_p_active 1$/m);
    assert.match(await meter.text(), /^capstan_p_requests_total 2$/m);
    second.answers[0]?.end("new");
    assert.equal(await after.text(), "2:new");
    first.answers[0]?.end("old");
    assert.equal(await before.text(), "1:old");
    await first.stopped;
  }, { meter });
});

Deno.test("what the former instance does not end within its time is cut off", async () => {
  const [first, second] = [streaming("1"), streaming("2")];
  await withHost([first.plugin], async ({ host }) => {
    await host.start();
    const before = await fetch(await originOf(host));
    await host.change(becomes([second.plugin], { drainMs: 0 }));
    await assert.rejects(before.text());
    await first.stopped;
  });
});

Deno.test("a stop ends former instances with it", async () => {
  const finish = Promise.withResolvers<void>();
  const [first, second] = [streaming("1", finish.promise), streaming("2")];
  await withHost([first.plugin], async ({ host }) => {
    await host.start();
    const before = await fetch(await originOf(host));
    await host.change(becomes([second.plugin]));
    const ended: string[] = [];
    void first.stopped.then(() => ended.push("former instance"));
    void second.drained.then(() => ended.push("next instance"));
    const stopped = host.stop();
    first.answers[0]?.end("old");
    assert.equal(await before.text(), "1:old");
    // Time enough for the agent to go on, if it did not wait.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    finish.resolve();
    assert.deepEqual(await stopped, { drained: true, left: [], lost: [] });
    assert.deepEqual(ended, ["former instance", "next instance"]);
  });
});

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

Deno.test("a connection that is kept alive goes on over a change of the plugin behind it", async () => {
  const said: string[] = [];
  await withHost([versioned("1", said)], async ({ host }) => {
    await host.start();
    const { Agent } = await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const origin = await originOf(host);
    const ask = async () => {
      const request = get(origin, { agent });
      const [response]: IncomingMessage[] = await once(request, "response");
      let body = "";
      for await (const part of response ?? []) body += part;
      return { body, reused: request.reusedSocket };
    };
    try {
      assert.deepEqual(await ask(), { body: "1", reused: false });
      await host.change(becomes([versioned("2", said)]));
      assert.deepEqual(await ask(), { body: "2", reused: true });
    } finally {
      agent.destroy();
    }
  });
});
