import assert from "node:assert/strict";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import type { Plugin, StreamHandle } from "../../../lib/plugin/contract.ts";
import type { HostSettings } from "../../../lib/plugin/host_contract.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { type Exposition, readMetrics } from "./exposition.ts";
import { withHost } from "./rig.ts";

const NAMES = {
  ai_kafka_messages_produced_total: "counter",
  ai_kafka_messages_consumed_total: "counter",
  ai_kafka_consumer_lag: "gauge",
  ai_kafka_produce_latency_seconds: "histogram",
};

/** Publishes three records to `in`; a handler copies each to `out`, and a Worker the agent's own to `copies`. */
function copying(streams: Record<string, StreamHandle>): Plugin {
  return {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: "in", partitions: 1 });
      ctx.topic({ name: "out", partitions: 1 });
      ctx.topic({ name: "own", partitions: 1, localOnly: true });
      ctx.topic({ name: "copies", partitions: 1, localOnly: true });
      streams.bus = ctx.stream(
        { topics: ["in"], group: "p-bus", lingerMs: 0 },
        (batch) => batch.records.map(({ value }) => ({ topic: "out", value })),
      );
      streams.worker = ctx.stream({
        topics: ["own"],
        group: "p-worker",
        source: "local",
        worker: { module: new URL("./workers/copy.ts", import.meta.url), options: "copies" },
      });
      return {
        start: async () => {
          for (const n of [1, 2, 3]) await ctx.producer("in").send({ n });
          await ctx.append("own", { value: "x" });
          await ctx.append("own", { value: "y" });
        },
      };
    },
  };
}

/** Reads metrics until they are as wanted: a Worker reports ten times a second, and Kafka takes its time. */
async function metricsWhen(
  origin: string | undefined,
  wanted: (metrics: Exposition) => boolean,
): Promise<Exposition> {
  const until = performance.now() + 60_000;
  for (;;) {
    const metrics = await readMetrics(origin);
    if (wanted(metrics) || performance.now() > until) return metrics;
  }
}

Deno.test("the log as the bus: what goes through it is counted under the names dashboards know", async () => {
  const streams: Record<string, StreamHandle> = {};
  const settings = {
    store: {},
    log: {},
    admin: { listen: "127.0.0.1:0" },
    topics: { in: { name: "in.real" } },
  };
  await withHost([copying(streams)], async ({ host, another }) => {
    await host.start();
    await streams.bus?.caughtUp(AbortSignal.timeout(60_000));
    await streams.worker?.caughtUp(AbortSignal.timeout(60_000));
    const metrics = await metricsWhen(
      host.adminOrigin,
      (now) =>
        now.of("ai_kafka_messages_produced_total", { topic: "copies" }) === 2 &&
        now.of("ai_kafka_messages_consumed_total", { topic: "own" }) === 2,
    );
    for (const [name, kind] of Object.entries(NAMES)) assert.equal(metrics.types.get(name), kind, name);
    assert.deepEqual(metrics.all("ai_kafka_messages_produced_total"), {
      "topic=in.real": 3,
      "topic=out": 3,
      "topic=own": 2,
      "topic=copies": 2,
    });
    assert.deepEqual(metrics.all("ai_kafka_messages_consumed_total"), { "topic=in.real": 3, "topic=own": 2 });
    assert.equal(metrics.of("ai_kafka_produce_latency_seconds_count", { topic: "in.real" }), 3);
    assert.ok((metrics.of("ai_kafka_produce_latency_seconds_sum", { topic: "in.real" }) ?? 0) > 0);
    assert.ok((metrics.of("ai_kafka_produce_latency_seconds_count", { topic: "copies" }) ?? 0) > 0);
    assert.deepEqual(metrics.all("ai_kafka_consumer_lag"), {
      "group=p-bus partition=0 topic=in.real": 0,
      "group=p-worker partition=0 topic=own": 0,
    });
    assert.deepEqual(metrics.all("capstan_stream_lag_records"), {
      "stream=p/p-bus": 0,
      "stream=p/p-worker": 0,
    });
    await host.stop();

    // Nobody of those groups runs now.
    const other = another([{
      name: "other",
      setup(ctx) {
        ctx.topic({ name: "in", partitions: 1 });
        return {
          start: async () => {
            await ctx.producer("in").send({ n: 4 });
            await ctx.producer("in").send({ n: 5 });
          },
        };
      },
    }], { settings });
    await other.start();
    assert.deepEqual((await readMetrics(other.adminOrigin)).all("ai_kafka_consumer_lag"), {
      "group=p-bus partition=0 topic=in.real": 2,
      "group=p-worker partition=0 topic=own": 0,
    });
  }, { settings });
});

Deno.test({
  name: "Kafka as the bus: what goes through it is counted, and not what only the log sees",
  ignore: withoutKafka,
}, async () => {
  await using broker = await sharedBroker();
  const id = crypto.randomUUID();
  const real = (topic: string) => `${topic}-${id}`;
  const group = `p-bus-${id}`;
  const settings: HostSettings = {
    store: {},
    log: {},
    admin: { listen: "127.0.0.1:0" },
    kafka: { bootstrap_servers: [broker.bootstrap] },
    topics: { in: { name: real("in") }, out: { name: real("out") } },
  };
  const plugin = (streams: Record<string, StreamHandle>): Plugin => {
    const { setup, ...rest } = copying(streams);
    return {
      ...rest,
      setup: (ctx, config) =>
        setup({
          ...ctx,
          stream: (options, handler) =>
            ctx.stream({ ...options, group: options.worker ? "p-worker" : group }, handler),
        }, config),
    };
  };
  await using kafka = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, {
    log: createLogger({ sink: () => {} }),
  });
  const streams: Record<string, StreamHandle> = {};
  await withHost([plugin(streams)], async ({ host }) => {
    await host.start();
    const metrics = await metricsWhen(
      host.adminOrigin,
      (now) =>
        now.of("ai_kafka_messages_produced_total", { topic: real("out") }) === 3 &&
        [[real("in"), group], [real("in"), "capstan-relay"], ["own", "p-worker"]].every((
          [topic = "", by = ""],
        ) => now.of("ai_kafka_consumer_lag", { topic, partition: "0", group: by }) === 0) &&
        now.of("capstan_stream_lag_records", { stream: `p/${group}` }) === 0,
    );
    for (const [name, kind] of Object.entries(NAMES)) assert.equal(metrics.types.get(name), kind, name);
    assert.deepEqual(metrics.all("ai_kafka_messages_produced_total"), {
      [`topic=${real("in")}`]: 3,
      [`topic=${real("out")}`]: 3,
    });
    assert.deepEqual(metrics.all("ai_kafka_messages_consumed_total"), { [`topic=${real("in")}`]: 3 });
    assert.ok((metrics.of("ai_kafka_produce_latency_seconds_count", { topic: real("in") }) ?? 0) > 0);
    const lag = (at: { topic: string; group: string }) =>
      metrics.of("ai_kafka_consumer_lag", { ...at, partition: "0" });
    assert.equal(lag({ topic: real("in"), group }), 0);
    assert.equal(lag({ topic: real("in"), group: "capstan-relay" }), 0);
    assert.equal(lag({ topic: "own", group: "p-worker" }), 0);
    assert.equal(metrics.of("capstan_stream_lag_records", { stream: `p/${group}` }), 0);

    // A group of somebody else's, which read one record of three and went.
    const theirs = `theirs-${id}`;
    await using reading = await kafka.open({ group: theirs, topics: [real("out")], from: "earliest" });
    const batch = await reading.receive({ max: 1, maxBytes: 1_000_000, waitMs: 60_000 });
    const [first] = batch?.records ?? [];
    assert.ok(first);
    await reading.commit({ through: first });
    await reading[Symbol.asyncDispose]();
    const at = { topic: real("out"), partition: "0", group: theirs };
    const later = await metricsWhen(
      host.adminOrigin,
      (now) => now.of("ai_kafka_consumer_lag", at) !== undefined,
    );
    const [described] = await kafka.lag(theirs, [real("out")]);
    assert.equal(later.of("ai_kafka_consumer_lag", at), described?.lag);
    assert.ok((described?.lag ?? 0) >= 2);
  }, { settings });
});
