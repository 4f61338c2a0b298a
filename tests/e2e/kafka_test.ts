import assert from "node:assert/strict";
import { type Broker, startBroker } from "../kafka/broker.ts";
import { withoutKafka } from "../kafka/for_tests.ts";
import { startAgent } from "./agent.ts";
import { capstan } from "./capstan.ts";
import { writeConfig } from "./config.ts";
import { goldenCases, scriptOf, sendStep } from "./golden.ts";
import { ledgerOf } from "./ledger.ts";
import { assertNodeEvents, nodeEvent, recordsOf, textsOf } from "./records.ts";
import { startStandIn } from "./stand_in.ts";
import { tempDir } from "./temp_dir.ts";
import { haveTurns } from "./turns.ts";

/** Records the relay has in flight at most for a topic. */
const RELAY_BATCH = 1000;

/** Topics of a test's own on a broker that all tests share. */
async function writeKafkaConfig(
  dir: string,
  options: {
    broker: Broker;
    upstream: string;
    provider?: "openai" | "anthropic" | "ollama";
    project?: string;
  },
): Promise<void> {
  const id = crypto.randomUUID().slice(0, 8);
  const { broker, ...config } = options;
  await writeConfig(dir, {
    ...config,
    tables: `[kafka]
bootstrap_servers = ["${broker.bootstrap}"]

[topics."tapes.nodes.v1"]
name = "nodes-${id}"

[topics."tapes.turns.v1"]
name = "turns-${id}"
`,
  });
}

/** Waits until everything has gone to Kafka. */
async function drain(dir: string): Promise<void> {
  const { code, error } = await capstan({ args: ["outbox", "drain", "--config-dir", dir] });
  assert.equal(code, 0, error);
}

Deno.test({ name: "the program on Apache Kafka", ignore: withoutKafka }, async (t) => {
  await using broker = await startBroker();
  await using upstream = await startStandIn();

  await t.step("2,000 turns while Kafka is down reach it when it is back, once, parents first", async () => {
    await using dir = await tempDir();
    await writeKafkaConfig(dir.path, { broker, upstream: upstream.origin });
    await broker.kill();
    await using agent = await startAgent({ dir: dir.path });
    const turns = await haveTurns({ origin: agent.proxy, name: "down", count: 2000, concurrency: 64 });
    assert.deepEqual(turns.failed, []);
    await broker.restart();
    await drain(dir.path);
    const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
    assertNodeEvents(events);
    assert.equal(events.length, 4000);
    assert.equal((await recordsOf("tapes.turns.v1", { dir: dir.path })).length, 2000);
    assert.equal(await agent.stop(), 0, agent.said());
  });

  await t.step("a broker that is killed on the way costs nothing and doubles nothing", async () => {
    await using dir = await tempDir();
    await writeKafkaConfig(dir.path, { broker, upstream: upstream.origin });
    await using agent = await startAgent({ dir: dir.path });
    let restarted: Promise<void> | undefined;
    const turns = await haveTurns({
      origin: agent.proxy,
      name: "killed",
      count: 2000,
      concurrency: 64,
      onAnswered: (answered) => {
        if (answered === 800) restarted = broker.restart(); // kills it first
      },
    });
    assert.deepEqual(turns.failed, []);
    await restarted;
    await drain(dir.path);
    const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
    assertNodeEvents(events);
    assert.equal(events.length, 4000);
    assert.equal(await agent.stop(), 0, agent.said());
  });

  await t.step("kill -9 of the agent doubles at most one batch, and loses nothing", async () => {
    await using dir = await tempDir();
    await writeKafkaConfig(dir.path, { broker, upstream: upstream.origin });
    await using first = await startAgent({ dir: dir.path });
    let killed: Promise<void> | undefined;
    const turns = await haveTurns({
      origin: first.proxy,
      name: "crash",
      count: 2000,
      concurrency: 64,
      onAnswered: (answered) => {
        if (answered === 900) killed = first.kill();
      },
    });
    await killed;
    await using second = await startAgent({ dir: dir.path });
    assert.equal(await second.stop(), 0, second.said());
    await drain(dir.path);
    const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
    assertNodeEvents(events, { doubled: RELAY_BATCH });
    const answers = new Set(textsOf(events, "assistant"));
    assert.deepEqual(turns.answered.filter((text) => !answers.has(`echo: ${text}`)), []);
    assert.ok((await ledgerOf(`${dir.path}/capstan.sqlite`)).turns >= turns.answered.length);
  });

  await t.step("SIGTERM right after 200 turns: the last pass of the relay brings them to Kafka", async () => {
    await using dir = await tempDir();
    await writeKafkaConfig(dir.path, { broker, upstream: upstream.origin });
    await using agent = await startAgent({ dir: dir.path });
    const turns = await haveTurns({ origin: agent.proxy, name: "term", count: 200, concurrency: 64 });
    assert.deepEqual(turns.failed, []);
    assert.equal(await agent.stop(), 0, agent.said());
    const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
    assertNodeEvents(events);
    assert.equal(events.length, 400);
  });

  for (const provider of ["openai", "anthropic", "ollama"] as const) {
    await t.step(`tapes-golden, ${provider}: exactly the hashes of the exact cases`, async () => {
      const cases = (await goldenCases()).filter((golden) =>
        golden.provider === provider && golden.match === "exact"
      );
      await using dir = await tempDir();
      await using scripted = await startStandIn({ script: cases.flatMap(scriptOf) });
      await writeKafkaConfig(dir.path, { broker, upstream: scripted.origin, provider, project: "golden" });
      await using agent = await startAgent({ dir: dir.path });
      for (const step of cases.flatMap((golden) => golden.steps)) await sendStep(agent.proxy, step);
      assert.equal(await agent.stop(), 0, agent.said());
      await drain(dir.path);
      const events = await recordsOf("tapes.nodes.v1", { dir: dir.path });
      assertNodeEvents(events);
      assert.deepEqual(
        new Set(events.map((record) => nodeEvent(record).node.hash)),
        new Set(cases.flatMap((golden) => golden.nodes.map((node) => node.hash))),
      );
    });
  }

  await t.step(
    "serve proxy with --kafka-brokers and --kafka-topic publishes nodes alone, to that topic",
    async () => {
      await using dir = await tempDir();
      await using reader = await tempDir();
      const topic = `tapes-${crypto.randomUUID().slice(0, 8)}`;
      const flags = ["--kafka-brokers", broker.bootstrap, "--kafka-topic", topic, "--kafka-client-id", "e2e"];
      await using agent = await startAgent({
        dir: dir.path,
        args: [
          "serve",
          "proxy",
          "-l",
          "127.0.0.1:0",
          "-u",
          upstream.origin,
          "--provider",
          "openai",
          ...flags,
        ],
      });
      const turns = await haveTurns({ origin: agent.proxy, name: "tapes", count: 50, concurrency: 8 });
      assert.deepEqual(turns.failed, []);
      assert.equal(await agent.stop(), 0, agent.said());
      const env = { KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap };
      const events = await recordsOf(topic, { dir: reader.path, env });
      assertNodeEvents(events);
      assert.equal(events.length, 100);
      const turnsTopic = await capstan({
        args: ["tail", "tapes.turns.v1", "--from-beginning", "--no-follow", "--config-dir", reader.path],
        env,
      });
      assert.match(turnsTopic.error, /Kafka does not know it/);
    },
  );

  await t.step("publish puts lines into the log, and drain brings them to Kafka in order", async () => {
    await using dir = await tempDir();
    await writeKafkaConfig(dir.path, { broker, upstream: upstream.origin });
    const lines = Array.from({ length: 1000 }, (_, at) => `k:${at}`).join("\n");
    const { code, error } = await capstan({
      args: ["publish", "tapes.turns.v1", "--key-separator", ":", "--config-dir", dir.path],
      stdin: lines,
    });
    assert.equal(code, 0, error);
    assert.match(error, /published 1,000 records/);
    await drain(dir.path);
    const records = await recordsOf("tapes.turns.v1", { dir: dir.path });
    assert.deepEqual(records.map((record) => record.value), Array.from({ length: 1000 }, (_, at) => at));
  });
});
