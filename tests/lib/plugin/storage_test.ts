import assert from "node:assert/strict";
import type { Plugin, PluginContext } from "../../../lib/plugin/contract.ts";
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
