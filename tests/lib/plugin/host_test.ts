import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { callAgent } from "../../../lib/access/call_agent.ts";
import { agentFilePath, findAgents } from "../../../lib/access/agent_file.ts";
import type { Plugin, PluginContext, StreamHandle } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";

const bytes = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);

/** A plugin that notes each step of its life; `fail` names the step that throws. */
function recorder(name: string, said: string[], fail?: string): Plugin {
  const step = (what: string) => {
    said.push(`${name} ${what}`);
    if (fail === what) throw new Error(`${what} of ${name} broke`);
  };
  return {
    name,
    setup(ctx) {
      step("setup");
      ctx.topic({ name: `${name}.in`, partitions: 1, localOnly: true });
      ctx.store([{
        version: 1,
        name: "rows",
        up: (tx) => {
          step("migrate");
          tx.run(`CREATE TABLE ${name}_rows (value)`);
        },
      }]);
      ctx.stream({ topics: [`${name}.in`], source: "local", lingerMs: 0 }, (batch) => {
        step("handle");
        const values = batch.records.map((record) => bytes(record.value));
        return {
          write: (tx) => values.forEach((value) => tx.run(`INSERT INTO ${name}_rows VALUES (?)`, value)),
        };
      });
      ctx.serve({
        name,
        listen: "127.0.0.1:0",
        handler: (_, response) => void response.end("hi"),
        announce: () => {
          step("listen");
          return [];
        },
      });
      return {
        start: async () => {
          step("start");
          await ctx.append(`${name}.in`, { value: "from start" });
        },
        drain: async () => {
          step("drain");
          await ctx.append(`${name}.in`, { value: "from drain" });
        },
        stop: () => step("stop"),
      };
    },
  };
}

Deno.test("a host runs its plugins' lives in order, and stops them backwards", async () => {
  const said: string[] = [];
  await withHost([recorder("a", said), recorder("b", said)], async ({ host, another }) => {
    await host.start();
    const started = said.filter((each) => !each.endsWith("handle"));
    assert.deepEqual(started, [
      "a setup",
      "b setup",
      "a migrate",
      "b migrate",
      "a start",
      "b start",
      "a listen",
      "b listen",
    ]);
    assert.deepEqual(await host.stop(), { drained: true, left: [], lost: [] });
    const stopped = said.filter((each) => !each.endsWith("handle")).slice(started.length);
    assert.deepEqual(stopped, ["b drain", "a drain", "b stop", "a stop"]);
    assert.ok(said.lastIndexOf("a handle") > said.indexOf("a drain"), "what drain appended was handled");
    assert.ok(said.lastIndexOf("a handle") < said.indexOf("b stop"), "before the plugins stopped");
    const rows = { out: [] as unknown[] };
    const reader: Plugin = {
      name: "reader",
      setup(ctx) {
        const store = ctx.store([]);
        return { start: () => void (rows.out = store.read((db) => db.all("SELECT value FROM a_rows"))) };
      },
    };
    const next = another([reader]);
    await next.start();
    assert.deepEqual(rows.out.map((row) => Object.values(Object(row))[0]), ['"from start"', '"from drain"']);
  });
});

for (const step of ["setup", "migrate", "start", "listen"]) {
  Deno.test(`when ${step} throws, the start names plugin and cause, and what was started is stopped`, async () => {
    const said: string[] = [];
    await withHost([recorder("a", said), recorder("b", said, step)], async ({ host, folder }) => {
      await assert.rejects(host.start(), (error: Error) => {
        assert.match(error.message, step === "listen" ? /listen of b broke/ : /plugin b: .*broke/);
        return true;
      });
      const stops = said.filter((each) => each.endsWith("stop"));
      assert.deepEqual(stops, step === "setup" || step === "migrate" ? [] : ["b stop", "a stop"]);
      assert.equal(host.adminOrigin, undefined);
      assert.equal(existsSync(agentFilePath(join(folder, "capstan.sqlite"), process.pid)), false);
      assert.deepEqual(await host.stop(), { drained: true, left: [], lost: [] });
      if (step !== "setup") {
        assert.equal(existsSync(join(folder, "capstan.sqlite-wal")), false, "the store is closed");
      }
    });
  });
}

Deno.test("stop() is safe unstarted and twice, and start() after it is refused", () =>
  withHost([], async ({ host }) => {
    assert.deepEqual(await host.stop(), { drained: true, left: [], lost: [] });
    assert.deepEqual(await host.stop(), { drained: true, left: [], lost: [] });
    await assert.rejects(host.start(), /was stopped/);
  }));

Deno.test("a signal that aborts during the start undoes it", async () => {
  const said: string[] = [];
  const stopping = new AbortController();
  const plugin: Plugin = {
    name: "slow",
    setup: () => ({ start: () => stopping.abort(new Error("Ctrl-C")), stop: () => void said.push("stop") }),
  };
  await withHost([plugin], async ({ host }) => {
    await assert.rejects(host.start(stopping.signal), /Ctrl-C/);
    assert.deepEqual(said, ["stop"]);
  });
});

Deno.test("what does not drain in time is left, named, and the rest is stopped", async () => {
  const stuck: Plugin = {
    name: "stuck",
    setup: () => ({
      drain: () => new Promise<void>(() => {}),
      health: () => ({ status: "ok", figures: { active_calls: 3, waiting_calls: 0 } }),
      lost: () => ["2 calls could not be stored"],
    }),
  };
  await withHost([stuck], async ({ host, folder }) => {
    await host.start();
    const { drained, left, lost } = await host.stop({ timeoutMs: 20 });
    assert.equal(drained, false);
    assert.match(left[0] ?? "", /drain of stuck: the 20 ms .* \(active_calls 3\)$/);
    assert.deepEqual(lost, ["stuck: 2 calls could not be stored"]);
    assert.equal(existsSync(join(folder, "capstan.sqlite-wal")), false, "the store is closed");
  });
});

const clashes: [string, (ctx: PluginContext) => void, (ctx: PluginContext) => void, RegExp][] = [
  [
    "a topic declared otherwise",
    (ctx) => ctx.topic({ name: "t", partitions: 1 }),
    (ctx) => ctx.topic({ name: "t", partitions: 2 }),
    /Cannot set up plugin b: Cannot declare topic t for b: a declared/,
  ],
  [
    "a route",
    (ctx) => ctx.route("GET", "/x/:a", () => new Response()),
    (ctx) => ctx.route("get", "/x/:b", () => new Response()),
    /Cannot route get \/x\/:b for b: a answers it/,
  ],
  [
    "a command",
    (ctx) => ctx.command({ path: "x", doc: "", run: async () => {} }),
    (ctx) => ctx.command({ path: "x y", doc: "", run: async () => {} }),
    /"x y" for b: a has "x"/,
  ],
  [
    "a metric",
    (ctx) => ctx.counter({ name: "n", help: "N." }),
    (ctx) => ctx.gauge({ name: "n", help: "N." }),
    /^$/,
  ],
  [
    "a group on one topic",
    (ctx) => void ctx.stream({ topics: ["t"], group: "g" }, () => {}),
    (ctx) => void ctx.stream({ topics: ["t"], group: "g" }, () => {}),
    /a\/g reads as group g already/,
  ],
  [
    "the agent's own path",
    () => {},
    (ctx) => ctx.route("GET", "/metrics", () => new Response()),
    /the agent answers it/,
  ],
];
for (const [what, first, second, expected] of clashes) {
  Deno.test(`two plugins that claim ${what} are ${expected.source === "^$" ? "kept apart" : "refused"}`, () =>
    withHost([{ name: "a", setup: first }, { name: "b", setup: second }], ({ host }) => {
      if (expected.source === "^$") host.register();
      else assert.throws(() => host.register(), expected);
      return Promise.resolve();
    }));
}

Deno.test("metrics of two plugins whose whole names meet are refused", () =>
  withHost([
    { name: "a", setup: (ctx) => void ctx.counter({ name: "b_c", help: "N." }) },
    { name: "a_b", setup: (ctx) => void ctx.counter({ name: "c", help: "N." }) },
  ], ({ host }) => {
    assert.throws(() => host.register(), /capstan_a_b_c/);
    return Promise.resolve();
  }));

Deno.test("topics are renamed and changed by configuration; plugins keep their names for them", async () => {
  const seen: string[] = [];
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      ctx.topic({ name: "out", partitions: 1 });
      const stream: StreamHandle = ctx.stream(
        { topics: ["in"], outputTopic: "out", lingerMs: 0 },
        (batch) => {
          seen.push(batch.topic, ...batch.records.map((record) => record.topic));
          return ["done"];
        },
      );
      ctx.stream({ topics: ["out"], group: "p-out", lingerMs: 0 }, (batch) => void seen.push(batch.topic));
      return {
        start: async () => void await ctx.producer("in").send({ a: 1 }, { key: "k" }),
        drain: () => stream.caughtUp(),
      };
    },
  };
  const topics = { in: { name: "prod.in", partitions: 3 }, out: { name: "prod.out" } };
  await withHost([plugin], async ({ host }) => {
    await host.start();
    const { streams } = await host.status();
    assert.deepEqual(streams.map(({ name, topics }) => [name, topics]), [["p/p", ["in"]], ["p/p-out", [
      "out",
    ]]]);
    assert.deepEqual([...new Set(streams[0]?.partitions.map(({ topic }) => topic))], ["prod.in"]);
    assert.equal(streams[0]?.partitions.length, 3);
    await host.stop();
    assert.deepEqual(seen, ["in", "in", "out"]);
  }, { settings: { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics } });
});

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

Deno.test("what a plugin registers after its setup is refused", async () => {
  let late: PluginContext | undefined;
  await withHost([{ name: "p", setup: (ctx) => void (late = ctx) }], async ({ host }) => {
    host.register();
    assert.throws(() => late?.topic({ name: "t", partitions: 1 }), /its setup is over/);
    await assert.rejects(async () => await late?.append("t", { value: 1 }), /the agent does not run/);
    assert.deepEqual(late?.storage(), { accepting: false, reason: "the agent does not run" });
  });
});

Deno.test("retention takes a record only when the agent's own groups have passed it", async () => {
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      for (const name of ["read", "unread"]) {
        ctx.topic({ name, partitions: 1, retentionMs: 0, localOnly: true });
      }
      const stream = ctx.stream({ topics: ["read"], source: "local" }, () => {});
      stream.pause();
      return {
        start: async () =>
          void await Promise.all(["read", "unread"].map((topic) => ctx.append(topic, { value: 1 }))),
      };
    },
  };
  await withHost([plugin], async ({ host, folder, another }) => {
    await host.start();
    const kept = { read: -1, unread: -1 };
    const silent = { write: () => Promise.resolve(), isTerminal: false, columns: 80 };
    const looking: Plugin = {
      name: "look",
      setup: (ctx) =>
        ctx.command({
          path: "look",
          doc: "Counts.",
          run: async ({ records }) => {
            kept.read = (await Array.fromAsync(records("read"))).length;
            kept.unread = (await Array.fromAsync(records("unread"))).length;
          },
        }),
    };
    const look = another([looking]);
    const input = {
      args: [],
      options: {},
      stdout: silent,
      stderr: silent,
      signal: new AbortController().signal,
    };
    do await look.runCommand("look", input); while (kept.unread > 0);
    assert.equal(kept.read, 1, folder);
  });
});
