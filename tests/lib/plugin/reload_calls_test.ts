import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage, type ServerResponse } from "node:http";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { withHost } from "./rig.ts";
import { becomes, originOf, text, versioned } from "./reload_rig.ts";

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
