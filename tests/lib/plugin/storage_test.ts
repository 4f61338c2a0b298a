import assert from "node:assert/strict";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../lib/bus/clock.ts";
import { openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import type { Plugin, PluginContext, StreamHandle } from "../../../lib/plugin/contract.ts";
import { until } from "../../e2e/until.ts";
import { withHost } from "./rig.ts";

Deno.test("while the disk is nearly full, storage() does not accept, and says why", async () => {
  let context: PluginContext | undefined;
  const settings = { store: { min_free_disk: 1_000 }, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };
  await withHost([{ name: "p", setup: (ctx) => void (context = ctx) }], async ({ host }) => {
    await host.start();
    assert.deepEqual(context?.storage(), {
      accepting: false,
      diskFull: true,
      reason: "999 bytes of disk are free, below store.min_free_disk (1000)",
    });
    await assert.rejects(async () => await context?.append("t", { value: 1 }), {
      name: "StoreError",
      failure: "full",
    });
    await assert.rejects(async () => await context?.producer("t").send(1), {
      name: "StoreError",
      failure: "full",
      message: /Cannot publish to t: 999 bytes of disk are free/,
    });
    assert.equal(host.health().storage?.status, "degraded");
  }, { settings, parts: { freeDisk: () => Promise.resolve(999) } });
});

Deno.test("above log.max_bytes producers are refused, and what is appended goes on being stored", async () => {
  let context: PluginContext | undefined;
  const settings = { store: {}, log: { max_bytes: -1 }, admin: { listen: "127.0.0.1:0" }, topics: {} };
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      context = ctx;
      ctx.topic({ name: "t", partitions: 1 });
    },
  };
  await withHost([plugin], async ({ host }) => {
    await host.start();
    assert.deepEqual(context?.storage().accepting, false);
    await assert.rejects(async () => await context?.producer("t").send(1), {
      name: "StoreError",
      failure: "full",
      message: /Cannot publish to t: the log holds 0 bytes, above log.max_bytes/,
    });
    assert.equal((await context?.append("t", { value: 1 }))?.offset, 0);
  }, { settings });
});

const LIMITED = { store: { min_free_disk: 1_000 }, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };

/** The disk is looked at a hundred times as often. */
const hasty: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms === 1_000 ? 10 : ms, signal),
};

/** Two streams of one topic, one on the agent's thread, one in the Worker, which copies to `copies`. */
function twoStreams(): { plugin: Plugin; seen: string[]; handles: StreamHandle[] } {
  const seen: string[] = [];
  const handles: StreamHandle[] = [];
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 }, { codec: "text" });
      ctx.topic({ name: "copies", partitions: 1 });
      const worker = { module: new URL("./workers/copy.ts", import.meta.url), options: "copies" };
      handles.push(
        ctx.stream({ topics: ["in"], group: "here", lingerMs: 0 }, ({ records }) => {
          for (const { data } of records) seen.push(String(data));
        }),
        ctx.stream({ topics: ["in"], group: "there", lingerMs: 0, source: "local", worker }),
      );
    },
  };
  return { plugin, seen, handles };
}

/** Sends as another process would, which has not looked at the disk. */
async function sendFromElsewhere(folder: string, text: string): Promise<void> {
  await using store = await openStore({ file: join(folder, "capstan.sqlite") });
  await using log = await openLocalLog(store);
  await log.send([{ topic: "in", value: new TextEncoder().encode(text) }]);
}

Deno.test("below min_free_disk streams of the log wait, here and in the Worker, and go on by themselves", async () => {
  let free = 5_000;
  const { plugin, seen, handles } = twoStreams();
  await withHost([plugin], async ({ host, folder }) => {
    await host.start();
    const streams = () => {
      const { "stream p/here": here, "stream p/there": there } = host.health();
      return [here, there];
    };
    const all = (status: string) =>
      until(() => streams().every((each) => each?.status === status) || undefined);
    await all("ok");
    free = 999;
    await all("degraded");
    assert.match(streams()[1]?.detail ?? "", /^waits: 999 bytes of disk are free.*; it goes on by itself$/);
    await sendFromElsewhere(folder, "while full");
    free = 1_000;
    await Promise.all(handles.map((handle) => handle.caughtUp()));
    await all("ok");
    assert.deepEqual(seen, ["while full"]);
  }, { settings: LIMITED, parts: { freeDisk: () => Promise.resolve(free) }, clock: hasty });
});

Deno.test("an agent that stops while the disk is nearly full handles nothing more, says so, and loses nothing", async () => {
  const first = twoStreams();
  const second = twoStreams();
  await withHost([first.plugin], async ({ host, folder, another }) => {
    await host.start();
    await sendFromElsewhere(folder, "kept");
    const { drained, left } = await host.stop();
    assert.equal(drained, false);
    assert.deepEqual(
      left,
      ["here", "there"].map((group) =>
        `stream p/${group}: 1 records wait in the log, because 999 bytes of disk are free, below ` +
        "store.min_free_disk (1000); the next start goes on"
      ),
    );
    assert.deepEqual(first.seen, []);
    const next = another([second.plugin]);
    await next.start();
    await Promise.all(second.handles.map((handle) => handle.caughtUp()));
    assert.deepEqual(second.seen, ["kept"]);
  }, { settings: LIMITED, parts: { freeDisk: () => Promise.resolve(999) } });
});

Deno.test("a pause stays a pause when there is room again", async () => {
  let free = 999;
  const { plugin, seen, handles } = twoStreams();
  await withHost([plugin], async ({ host, folder }) => {
    host.register();
    for (const handle of handles) handle.pause();
    await host.start();
    await sendFromElsewhere(folder, "later");
    free = 1_000;
    await until(() =>
      ["here", "there"].every((each) => host.health()[`stream p/${each}`]?.detail === "paused") || undefined
    );
    assert.deepEqual((await host.status()).streams.map(({ lag }) => lag), [1, 1]);
    assert.deepEqual(seen, []);
    for (const handle of handles) handle.resume();
    await Promise.all(handles.map((handle) => handle.caughtUp()));
    assert.deepEqual(seen, ["later"]);
  }, { settings: LIMITED, parts: { freeDisk: () => Promise.resolve(free) }, clock: hasty });
});
