import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { agentFilePath } from "../../../lib/access/agent_file.ts";
import type { Plugin, PluginContext } from "../../../lib/plugin/contract.ts";
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

Deno.test("what a plugin registers after its setup is refused", async () => {
  let late: PluginContext | undefined;
  await withHost([{ name: "p", setup: (ctx) => void (late = ctx) }], async ({ host }) => {
    host.register();
    assert.throws(() => late?.topic({ name: "t", partitions: 1 }), /its setup is over/);
    await assert.rejects(async () => await late?.append("t", { value: 1 }), /the agent does not run/);
    assert.deepEqual(late?.storage(), { accepting: false, reason: "the agent does not run" });
  });
});
