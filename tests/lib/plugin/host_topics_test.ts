import assert from "node:assert/strict";
import type { Plugin, StreamHandle } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";

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
