import assert from "node:assert/strict";
import type { AssignedPartition, Plugin, PluginStore, StreamHandle } from "../../../lib/plugin/contract.ts";
import { withHost } from "./rig.ts";
import { roman } from "./workers/roman.ts";
import { state, summing } from "./workers/sum.ts";

const SETTINGS = { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };

/** A plugin that sums up in a Worker of its own, and what a test has of it. */
function summer(tag: string, { stateful = true, overlaps = false } = {}) {
  const told: string[] = [];
  const rig: {
    told: string[];
    handle?: StreamHandle;
    store?: PluginStore;
    send?(partition: number, value: number): Promise<unknown>;
  } = { told };
  const names = (partitions: readonly Pick<AssignedPartition, "topic" | "partition">[]) =>
    partitions.map(({ topic, partition }) => `${topic}/${partition}`).sort().join(" ");
  const plugin: Plugin = {
    name: "summer",
    overlaps,
    setup(ctx) {
      ctx.topic({ name: "counts", partitions: 2 }, { codec: roman("X") });
      ctx.topic({ name: "out", partitions: 1 }, { codec: "text" });
      rig.store = ctx.store([{
        version: 1,
        name: "sums",
        up: (tx) => tx.run("CREATE TABLE sums (part INTEGER PRIMARY KEY, sum)"),
      }]);
      const counts = ctx.producer("counts");
      rig.send = (partition, value) => counts.send(value, { partition });
      rig.handle = ctx.stream<number>({
        topics: ["counts"],
        lingerMs: 0,
        ...stateful && { state: state(undefined) },
        onAssigned: (came) => void told.push(`came ${names(came)}`),
        onRevoked: (went) => void told.push(`went ${names(went)}`),
        worker: { module: new URL("./workers/sum.ts", import.meta.url), options: tag, own: true },
      }, summing(`${tag} here`));
    },
  };
  return { plugin, rig };
}

/** Keeps what is published to `out`. */
function reader() {
  const seen: string[] = [];
  let handle: StreamHandle | undefined;
  const plugin: Plugin = {
    name: "reader",
    setup(ctx) {
      handle = ctx.stream<string>(
        { topics: ["out"], lingerMs: 0 },
        ({ records }) => void seen.push(...records.map(({ data }) => data)),
      );
    },
  };
  return { plugin, seen, caughtUp: async () => await handle?.caughtUp() };
}

const sums = (store: PluginStore | undefined) =>
  store?.read((db) => db.all<{ sum: number }>("SELECT sum FROM sums ORDER BY part").map(({ sum }) => sum));

Deno.test("a stream on the log runs in its plugin's Worker, with its state, its topic's codec and its hooks", async () => {
  const { plugin, rig } = summer("w");
  const out = reader();
  await withHost([plugin, out.plugin], async ({ host }) => {
    await host.start();
    for (const value of [1, 2, 3]) await rig.send?.(value % 2, value);
    await rig.handle?.caughtUp();
    await out.caughtUp();
    assert.deepEqual(out.seen.toSorted(), ["w 0 2", "w 1 1", "w 1 4"]);
    assert.deepEqual(rig.told, ["came counts/0 counts/1"]);
    const { streams, health } = await host.status();
    assert.deepEqual(streams.map(({ name, where, lag }) => [name, where, lag]), [
      ["summer/summer", "worker", 0],
      ["reader/reader", "main", 0],
    ]);
    assert.deepEqual([health["worker of summer"], health["stream summer/summer"]], [
      { status: "ok" },
      { status: "ok" },
    ]);
    await rig.store?.write((tx) => tx.run("UPDATE sums SET sum = 100"));
    const figures: { done: number; total: number }[] = [];
    const rebuilding = rig.handle?.rebuild({ onProgress: (each) => void figures.push(each) });
    await assert.rejects(async () => await rig.handle?.rebuild(), {
      name: "TypeError",
      message: /Cannot make the state of stream summer\/summer anew: it is being made already/,
    });
    await rig.handle?.caughtUp();
    assert.deepEqual(sums(rig.store), [2, 4], "caughtUp() waits for the state");
    assert.deepEqual(await rebuilding, { partitions: 2, records: 3 });
    const { done, total } = figures.at(-1) ?? { total: 0 };
    assert.ok(total > 0 && done === total, `${done} of ${total}`);
    await rig.send?.(0, 1);
    await rig.handle?.caughtUp();
    await out.caughtUp();
    assert.deepEqual(out.seen.slice(3), ["w 0 3"], "nothing was published again");
    await host.stop();
    assert.deepEqual(rig.told.slice(1), [
      "went counts/0 counts/1",
      "came counts/0 counts/1",
      "went counts/0 counts/1",
    ]);
  });
});

for (const overlaps of [false, true]) {
  Deno.test(`a plugin's Worker ends and begins with the plugin${overlaps ? ", overlapping" : ""}; others' go on`, async () => {
    const [first, second] = [summer("one", { overlaps }), summer("two", { overlaps })];
    const out = reader();
    await withHost([first.plugin, out.plugin], async ({ host }) => {
      await host.start();
      await first.rig.send?.(0, 1);
      await first.rig.handle?.caughtUp();
      const plugins = [second.plugin, out.plugin];
      await host.change({ plugins, pluginSettings: {}, settings: SETTINGS, drainMs: 10_000 });
      assert.deepEqual(first.rig.told, ["came counts/0 counts/1", "went counts/0 counts/1"]);
      await second.rig.send?.(0, 2);
      await second.rig.handle?.caughtUp();
      await out.caughtUp();
      assert.deepEqual(out.seen, ["one 0 1", "two 0 3"]);
      assert.deepEqual(second.rig.told, ["came counts/0 counts/1"]);
      await host.change({ plugins: [out.plugin], pluginSettings: {}, settings: SETTINGS, drainMs: 10_000 });
      const { health } = await host.status();
      assert.deepEqual([health.worker?.status, health["worker of summer"]], ["ok", undefined]);
      assert.deepEqual(second.rig.told.slice(1), ["went counts/0 counts/1"]);
    });
  });
}

Deno.test("on one thread the handler beside the Worker's module runs", async () => {
  const { plugin, rig } = summer("w");
  const out = reader();
  await withHost([plugin, out.plugin], async ({ host }) => {
    await host.start();
    await rig.send?.(1, 3);
    await rig.handle?.caughtUp();
    await out.caughtUp();
    assert.deepEqual(out.seen, ["w here 1 3"]);
    assert.equal((await host.status()).streams[0]?.where, "main");
  }, { parts: { oneThread: true } });
});

Deno.test("rebuild() of a stream in a Worker that keeps no state is refused", async () => {
  const { plugin, rig } = summer("w", { stateful: false });
  await withHost([plugin], async ({ host }) => {
    await host.start();
    await assert.rejects(async () => await rig.handle?.rebuild(), {
      name: "TypeError",
      message: /its handler keeps none; say so with state/,
    });
  });
});

Deno.test("a state that a Worker's module can't empty stops the start", async () => {
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "t", partitions: 1 });
      const worker = { module: new URL("./workers/tag.ts", import.meta.url) };
      ctx.stream({ topics: ["t"], state: state(undefined), worker }, () => {});
    },
  };
  await withHost([plugin], async ({ host }) => {
    await assert.rejects(
      host.start(),
      /stream p\/p: it keeps state, and .*tag\.ts exports no function named state/,
    );
  });
});
