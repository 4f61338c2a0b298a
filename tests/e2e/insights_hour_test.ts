import assert from "node:assert/strict";
import { KafkaEventConsumer } from "capstan";
import { KafkaBus } from "../../lib/bus/kafka/kafka_bus.ts";
import { startBroker } from "../kafka/broker.ts";
import { withoutKafka } from "../kafka/for_tests.ts";
import { silent } from "../lib/bus/kafka/bench.ts";
import {
  byTopic,
  type Contents,
  counts,
  distinct,
  doubled,
  type HourEvent,
  TOPICS,
} from "./insights_hour/contents.ts";
import { assertHour } from "./insights_hour/golden_hour.ts";
import { type Hour, openHour } from "./insights_hour/hour.ts";
import { deleteGroups, forgetGroups } from "./insights_hour/replay.ts";

/** Groups whose outputs are made of recorded turns, and what they make. */
const DERIVING = ["insights-turns", "insights-tool-calls"];
const DERIVED = [
  "agent-thinking-events",
  "agent-decision-events",
  "agent-trace-events",
  "agent-metrics-events",
  "query-lineage-events",
  "audit-events",
];

Deno.test("a scripted hour gives exactly the expected events of all nine topics, on the embedded log", async (t) => {
  await using hour = await openHour();
  await hour.play();
  const contents = await hour.finish();
  await assertHour(contents, hour);
  assertOnce(contents);
  assert.equal(await hour.stop(), 0, hour.said());

  await t.step("a replay gives the same events under the same ids", async () => {
    await forgetGroups(hour.file, DERIVING);
    await assertReplayed(hour, contents);
  });
});

Deno.test("the same hour with kill -9 in the middle gives the same events, each once", async () => {
  await using hour = await openHour();
  await hour.play({ before: "tickets-2", act: () => hour.killAndStart() });
  const contents = await hour.finish();
  await assertHour(contents, hour);
  assertOnce(contents);
  assert.equal(await hour.stop(), 0, hour.said());
});

Deno.test({ name: "the scripted hour on Apache Kafka", ignore: withoutKafka }, async (t) => {
  await using broker = await startBroker();
  await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, { log: silent });
  const kafka = { bus, bootstrap: broker.bootstrap };

  await t.step("gives exactly the expected events, and the same again in a replay", async () => {
    await using hour = await openHour({ kafka });
    await hour.play();
    const contents = await hour.finish();
    await assertHour(contents, hour);
    assertOnce(contents);
    assert.equal(await hour.stop(), 0, hour.said());
    assert.deepEqual(sorted(await consumed(broker.bootstrap, hour)), sorted(contents));
    await deleteGroups(broker.bootstrap, DERIVING);
    await assertReplayed(hour, contents);
  });

  await t.step("gives the same events with kill -9 in the middle", async () => {
    await using hour = await openHour({ kafka });
    await hour.play({ before: "tickets-2", act: () => hour.killAndStart() });
    await assertHour(await hour.finish(), hour);
    assert.equal(await hour.stop(), 0, hour.said());
  });

  await t.step("gives the same events with two agents that have files of their own", async () => {
    await using hour = await openHour({ kafka, agents: 2 });
    await hour.play();
    const contents = await hour.finish();
    await assertHour(contents, hour);
    assertOnce(contents);
    assert.equal(await hour.stop(), 0, hour.said());
  });
});

/** All nine topics as a program of another service reads them: `handler(topic, value)`. */
async function consumed(bootstrapServers: string, { prefix, contents }: Hour): Promise<Contents> {
  const found: Record<string, HourEvent[]> = Object.fromEntries(TOPICS.map((topic) => [topic, []]));
  let left = Object.values(counts(await contents())).reduce((sum, count) => sum + count, 0);
  await using consumer = new KafkaEventConsumer<HourEvent>(
    { bootstrapServers, autoOffsetReset: "earliest" },
    TOPICS.map((topic) => prefix + topic),
  );
  const done = new AbortController();
  await consumer.consume((topic, event) => {
    found[topic.slice(prefix.length)]?.push(event);
    if (--left === 0) done.abort();
  }, { signal: AbortSignal.any([done.signal, AbortSignal.timeout(120_000)]) });
  return byTopic((topic) => found[topic] ?? []);
}

function assertOnce(contents: Contents): void {
  assert.deepEqual(doubled(contents), []);
}

/** Starts the agents of an hour that was replayed, and waits until they have made their events again. */
async function assertReplayed(hour: Hour, before: Contents): Promise<void> {
  const wanted = Object.fromEntries(
    Object.entries(before).map(([topic, events]) => [
      topic,
      events.length +
      (DERIVED.includes(topic) ? events.filter(({ tenant_id }) => tenant_id !== "desk").length : 0),
    ]),
  );
  await hour.start();
  await hour.until((now) => Object.entries(wanted).every(([topic, events]) => counts(now)[topic]! >= events));
  assert.equal(await hour.stop(), 0, hour.said());
  const after = await hour.contents();
  assert.deepEqual(counts(after), wanted);
  assert.deepEqual(sorted(distinct(after)), sorted(before));
}

/** In an order of their own: which conversation comes first is nobody's promise. */
function sorted(contents: Contents): unknown {
  return Object.fromEntries(
    Object.entries(contents).map(([topic, events]) => [
      topic,
      events.map((event) => JSON.stringify(event)).sort(),
    ]),
  );
}
