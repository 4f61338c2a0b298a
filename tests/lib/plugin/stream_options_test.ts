import assert from "node:assert/strict";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";

Deno.test("a plugin's hooks are called by its stream of the local log, where rows are at the committed offset", async () => {
  const told: string[] = [];
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "p.in", partitions: 2, localOnly: true });
      ctx.stream({
        topics: ["p.in"],
        source: "local",
        onAssigned: (partitions) => void told.push(`come ${JSON.stringify(partitions)}`),
        onRevoked: (partitions) => void told.push(`go ${partitions.length}`),
      }, ({ records }) => void told.push(`batch ${records.length}`));
      return { start: async () => void await ctx.append("p.in", { value: "a", partition: 0 }) };
    },
  };
  await withHost([plugin], async ({ host, another }) => {
    await host.start();
    await host.stop();
    const again = another([plugin]);
    await again.start();
    await again.stop();
  });
  const place = (partition: number, committed: number | null) => ({
    ...{ topic: "p.in", partition, committed },
    rows: committed,
  });
  assert.deepEqual(told, [
    `come ${JSON.stringify([place(0, null), place(1, null)])}`,
    "batch 1",
    "go 2",
    `come ${JSON.stringify([place(0, 1), place(1, null)])}`,
    "batch 1",
    "go 2",
  ]);
});

Deno.test("a stream that stopped at a record degrades the agent, and does not hold its stop up", async () => {
  const failed = Promise.withResolvers<void>();
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "p.in", partitions: 1, localOnly: true });
      ctx.stream({ topics: ["p.in"], source: "local", onFailure: "stop", attempts: 1 }, () => {
        failed.resolve();
        throw new Error("can't");
      });
      return { start: async () => void await ctx.append("p.in", { value: "a" }) };
    },
  };
  await withHost([plugin], async ({ host, lines }) => {
    await host.start();
    await failed.promise;
    await host.stop();
    assert.ok(lines.some((line) => line.includes("the stream stops until the agent starts again")));
  });
});
