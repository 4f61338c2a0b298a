import assert from "node:assert/strict";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { callAgent } from "../../../lib/access/call_agent.ts";
import { findAgents } from "../../../lib/access/agent_file.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";

Deno.test("the admin listener serves metrics, health, status, and the plugins' routes; commands find it by its file", async () => {
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      const calls = ctx.counter({ name: "calls_total", help: "Calls." });
      ctx.stream({ topics: ["in"] }, () => {});
      ctx.route("GET", "/hello/:name", (_, { name }) => {
        calls.inc();
        return new Response(`hello ${name}`);
      });
      return { health: () => ({ status: "degraded", detail: "a little slow" }) };
    },
  };
  await withHost([plugin], async ({ host, folder }) => {
    await host.start();
    const storeFile = join(folder, "capstan.sqlite");
    const call = (path: string, init?: RequestInit) => callAgent({ storeFile, path, init });
    assert.equal((await findAgents(storeFile))[0]?.pid, process.pid);
    assert.equal(await (await call("/hello/you")).text(), "hello you");
    const metrics = await (await call("/metrics")).text();
    assert.match(metrics, /capstan_p_calls_total 1/);
    assert.match(metrics, /capstan_stream_lag_records\{stream="p\/p"\} 0/);
    const health = await call("/healthz");
    assert.equal(health.status, 200);
    const { status, parts } = await health.json();
    assert.deepEqual([status, parts.p.detail], ["degraded", "a little slow"]);
    assert.equal((await (await call("/readyz")).json()).ready, true);
    const paused = await call("/admin/streams/pause?stream=p/p", { method: "POST" });
    assert.deepEqual(await paused.json(), { streams: [{ name: "p/p", paused: true }] });
    const seen = await (await call("/admin/status")).json();
    assert.equal(seen.version, "0.0.0");
    assert.equal(seen.streams[0].paused, true);
    assert.equal(seen.bus.driver, "local");
    assert.ok(seen.store.bytes > 0 && seen.store.accepting);
    await (await call("/admin/streams/resume", { method: "POST" })).body?.cancel();
    const drain = await call("/admin/outbox/drain", { method: "POST" });
    assert.equal(drain.status, 409);
    await drain.body?.cancel();
    const wrong = await call("/admin/streams/pause?stream=none", { method: "POST" });
    assert.equal(wrong.status, 404);
    await wrong.body?.cancel();
    await host.stop();
    assert.deepEqual(await findAgents(storeFile), []);
    await assert.rejects(call("/healthz"), /none runs there/);
  });
});

Deno.test("a plugin whose health has failed makes /readyz answer 503", () =>
  withHost(
    [{ name: "p", setup: () => ({ health: () => ({ status: "failed" }) }) }],
    async ({ host, folder }) => {
      await host.start();
      const answer = await callAgent({ storeFile: join(folder, "capstan.sqlite"), path: "/readyz" });
      assert.equal(answer.status, 503);
      assert.equal((await answer.json()).parts.p.status, "failed");
    },
  ));

Deno.test("off loopback the admin listener needs the token of a file that commands read", async () => {
  const settings = { store: {}, log: {}, admin: { listen: ":0" }, topics: {} };
  await withHost([], async ({ host, folder, lines }) => {
    await host.start();
    const storeFile = join(folder, "capstan.sqlite");
    const bare = await fetch(`${host.adminOrigin}/metrics`);
    assert.equal(bare.status, 401);
    await bare.body?.cancel();
    const health = await fetch(`${host.adminOrigin}/healthz`);
    assert.deepEqual(await health.json(), { status: "ok" }, "no more than up or down without the token");
    const ready = await fetch(`${host.adminOrigin}/readyz`);
    assert.deepEqual([ready.status, await ready.json()], [200, { ready: true }]);
    const known = await callAgent({ storeFile, path: "/healthz" });
    assert.ok("parts" in await known.json());
    const answer = await callAgent({ storeFile, path: "/metrics" });
    assert.equal(answer.status, 200);
    await answer.body?.cancel();
    assert.ok(lines.some((line) => /WARN.*open to other machines/.test(line)));
  }, { settings });
});

Deno.test("a port that is taken stops the start, and the message names the setting", async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const address = blocker.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const settings = { store: {}, log: {}, admin: { listen: `127.0.0.1:${port}` }, topics: {} };
  try {
    await withHost([], async ({ host }) => {
      await assert.rejects(host.start(), /another process, .* has it; stop it, or change admin.listen/);
    }, { settings });
  } finally {
    blocker.close();
  }
});

Deno.test("a call under way when the stop begins is answered", async () => {
  const entered = Promise.withResolvers<() => void>();
  const idle = Promise.withResolvers<void>();
  let origin = "";
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.serve({
        name: "proxy",
        listen: "127.0.0.1:0",
        handler: (_, response) => {
          response.on("close", idle.resolve);
          entered.resolve(() => void response.end("late"));
        },
        announce: (at) => [`listens at ${origin = at}`],
      });
      return { drain: () => idle.promise };
    },
  };
  await withHost([plugin], async ({ host }) => {
    await host.start();
    assert.equal(host.announcements()[0], `listens at ${origin}`);
    const answer = new Promise<string>((resolve, reject) => {
      request(origin, (response) => response.setEncoding("utf8").on("data", resolve)).on("error", reject)
        .end();
    });
    const finish = await entered.promise;
    const stopped = host.stop();
    finish();
    assert.equal(await answer, "late");
    assert.deepEqual(await stopped, { drained: true, left: [], lost: [] });
  });
});
