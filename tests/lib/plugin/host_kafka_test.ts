import assert from "node:assert/strict";
import { join } from "node:path";
import { callAgent } from "../../../lib/access/call_agent.ts";
import type { RelayPart } from "../../../lib/bus/bus.ts";
import type { BusDriver } from "../../../lib/bus/contract.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import type { KafkaContext, KafkaPart } from "../../../lib/plugin/host_parts.ts";
import { MemoryBus } from "../bus/memory_bus.ts";
import { withHost } from "./rig.ts";

const away = new Error("no broker answers");

/** Kafka as the host sees it, which is away until `up` is called; its relay sends to `bus` at once. */
function standIn() {
  const bus = new MemoryBus();
  const said: string[] = [];
  const state = { up: false, context: undefined as KafkaContext | undefined };
  const driver: BusDriver = {
    name: "kafka",
    topics: {
      describe: () => Promise.resolve([]),
      plan: () => Promise.resolve([]),
      apply: () => Promise.resolve([]),
      deleteRecords: () => Promise.reject(away),
    },
    groups: {
      list: () => Promise.reject(away),
      describe: () => Promise.reject(away),
      lags: () => Promise.reject(away),
    },
    send: () => Promise.reject(away),
    open: (options) => state.up ? bus.open(options) : Promise.reject(away),
    lag: (group, topics) => state.up ? bus.lag(group, topics) : Promise.reject(away),
    ping: () => Promise.resolve(),
    isRetryable: () => true,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const lag = async () =>
    (await state.context?.log.lag("relay", ["out"]) ?? []).reduce((sum, each) => sum + each.lag, 0);
  const relay: RelayPart = {
    group: "relay",
    relays: (topic) => topic === "out",
    start: () => void said.push("relay start"),
    caughtUp: async () => void said.push(`relay pass of ${await lag()}`),
    lag,
    health: () => ({ status: state.up ? "ok" : "degraded", detail: state.up ? "relaying" : away.message }),
    stop: () => Promise.resolve(void said.push("relay stop")),
  };
  const part: KafkaPart = {
    driver,
    relay,
    start: () => void said.push("kafka start"),
    health: () => state.up ? { status: "ok" } : { status: "degraded", detail: away.message },
    [Symbol.asyncDispose]: () => Promise.resolve(void said.push("kafka close")),
  };
  return { bus, said, state, openKafka: (context: KafkaContext) => (state.context = context, part) };
}

function producing(seen: string[]): Plugin {
  return {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "out", partitions: 1, retentionMs: 0 });
      ctx.topic({ name: "own", partitions: 1, localOnly: true });
      ctx.stream({ topics: ["in"], group: "p-bus", lingerMs: 0, values: "bytes" }, (batch) => {
        const values = batch.records.map((record) => new TextDecoder().decode(record.value ?? undefined));
        seen.push(...values);
        return { write: (tx) => values.forEach((value) => tx.run("INSERT INTO seen VALUES (?)", value)) };
      });
      const store = ctx.store([{ version: 1, name: "seen", up: (tx) => tx.run("CREATE TABLE seen (v)") }]);
      return {
        start: async () => void await ctx.producer("out").send({ n: 1 }),
        drain: () => void seen.push(`${store.read((db) => db.all("SELECT v FROM seen")).length} rows`),
        stop: () => void seen.push("stop"),
      };
    },
  };
}

Deno.test("an agent starts, listens and is ready while Kafka is away; what waits is told at its stop", async () => {
  const kafka = standIn();
  await withHost([producing([])], async ({ host, folder }) => {
    await host.start();
    const call = (path: string) => callAgent({ storeFile: join(folder, "capstan.sqlite"), path });
    const ready = await call("/readyz");
    assert.equal(ready.status, 200);
    assert.equal((await ready.json()).parts.kafka.detail, "no broker answers");
    const status = await (await call("/admin/status")).json();
    assert.deepEqual(status.bus, { driver: "kafka", connected: false, detail: "no broker answers" });
    assert.deepEqual(status.relay, { lag: 1, detail: "no broker answers" });
    assert.equal(status.streams[0].lag, -1);
    assert.equal(status.streams[0].source, "kafka");
    const { drained, left } = await host.stop();
    assert.equal(drained, true);
    assert.deepEqual(left, ["1 records wait for Kafka; the next start sends them"]);
    assert.deepEqual(
      kafka.said,
      ["kafka start", "relay stop", "kafka close"],
      "no pass over a relay that is stuck",
    );
  }, { parts: kafka });
});

Deno.test("bus streams read Kafka, and the relay makes a last pass after the plugins have stopped", async () => {
  const kafka = standIn();
  const seen: string[] = [];
  kafka.state.up = true;
  kafka.bus.append("in", ["a", "b"]);
  await withHost([producing(seen)], async ({ host, folder }) => {
    await host.start();
    while (kafka.bus.committed.get("p-bus/in") !== 2) await new Promise((resolve) => setImmediate(resolve));
    const drain = await callAgent({
      storeFile: join(folder, "capstan.sqlite"),
      path: "/admin/outbox/drain",
      init: { method: "POST" },
    });
    assert.deepEqual(await drain.json(), { drained: true, lag: 1 });
    await host.stop();
    assert.deepEqual(seen, ["a", "b", "2 rows", "stop"]);
    assert.deepEqual(kafka.said, [
      "kafka start",
      "relay pass of 1",
      "relay pass of 1",
      "relay stop",
      "kafka close",
    ]);
  }, { parts: kafka });
});

Deno.test("on Kafka a plugin is restarted with the topics there are; a new one has to wait for the agent's restart", async () => {
  const { openKafka, state } = standIn();
  state.up = true;
  const reader = (topics: readonly string[]): Plugin => ({
    name: "r",
    setup(ctx) {
      for (const name of topics) ctx.topic({ name, partitions: 1 });
      ctx.topic({ name: `own-${topics.length}`, partitions: 1, localOnly: true });
      ctx.stream({ topics: ["in"], group: "r" }, () => {});
    },
  });
  const settings = { store: {}, log: {}, admin: { listen: "127.0.0.1:0" }, topics: {} };
  await withHost([reader(["one"])], async ({ host }) => {
    await host.start();
    const change = (plugin: Plugin) =>
      host.change({ plugins: [plugin], pluginSettings: {}, settings, drainMs: 10_000 });
    assert.deepEqual(await change(reader(["one"])), [{ plugin: "r", outcome: "restarted" }]);
    const [outcome] = await change(reader(["one", "two"]));
    assert.equal(outcome?.outcome, "kept");
    assert.match(outcome?.error ?? "", /Cannot add topic two while the agent runs: .*start the agent again/);
    assert.deepEqual((await host.status()).streams.map(({ name, source }) => [name, source]), [[
      "r/r",
      "kafka",
    ]]);
  }, { parts: { openKafka } });
});
