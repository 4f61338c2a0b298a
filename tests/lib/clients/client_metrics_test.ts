import assert from "node:assert/strict";
import { ClientMetrics } from "../../../lib/clients/client_metrics.ts";
import { ConsumerClient } from "../../../lib/clients/consumer_client.ts";
import { KafkaEventConsumer } from "../../../lib/clients/event_consumer.ts";
import { KafkaEventProducer } from "../../../lib/clients/event_producer.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { StreamProcessor } from "../../../lib/clients/stream_processor.ts";
import { MemoryBus } from "../bus/memory_bus.ts";
import { Exposition } from "../plugin/exposition.ts";
import { onBothBuses, theBrokerEnds } from "./buses.ts";

const PRODUCED = "ai_kafka_messages_produced_total";
const CONSUMED = "ai_kafka_messages_consumed_total";
const LAG = "ai_kafka_consumer_lag";
const LATENCY = "ai_kafka_produce_latency_seconds";

const read = async (metrics: ClientMetrics) => new Exposition(await metrics.text());

onBothBuses(
  "clients of one program report what they store, give and are behind, in one text",
  async (bus) => {
    const [input, output, group] = [bus.name("in"), bus.name("out"), bus.name("group")];
    const metrics = new ClientMetrics();
    await using producer = new ProducerClient({ config: bus.config, metrics });
    for (const value of [1, 2, 3]) await producer.publish(input, value, { partition: 0 });
    const config = {
      ...bus.config,
      topics: [input],
      groupId: group,
      autoOffsetReset: "earliest",
      sessionTimeoutMs: 6_000,
    } as const;
    const consumer = new ConsumerClient({ config, metrics });
    const processor = new StreamProcessor({
      consumer,
      producer,
      config: { batchSize: 2, maxWaitMs: 60_000 },
    });
    assert.equal(await processor.processOnce((batch) => batch, { outputTopic: output }), 2);
    const found = await read(metrics);
    assert.deepEqual(found.all(PRODUCED), { [`topic=${input}`]: 3, [`topic=${output}`]: 2 });
    assert.deepEqual(found.all(CONSUMED), { [`topic=${input}`]: 2 });
    assert.deepEqual(found.all(LAG), { [`group=${group} partition=0 topic=${input}`]: 1 });
    const batches = found.of(`${LATENCY}_count`, { topic: input }) ?? 0;
    assert.ok(batches >= 1 && batches <= 3, `${batches} requests`);
    assert.ok((found.of(`${LATENCY}_sum`, { topic: input }) ?? 0) > 0);
    assert.match(metrics.contentType, /^text\/plain/);
    await consumer.close();
    assert.deepEqual((await read(metrics)).all(LAG), {}, "who has left is not spoken for any more");
  },
);

onBothBuses("the event clients report, too; a reader without a group has no lag", async (bus) => {
  const topic = bus.name("events");
  const metrics = new ClientMetrics();
  await using producer = new KafkaEventProducer(bus.config, { metrics });
  await using consumer = new KafkaEventConsumer(bus.config, [topic], { metrics });
  await consumer.start();
  const stop = new AbortController();
  const task = consumer.consume(() => stop.abort(), { signal: stop.signal });
  await producer.publish(topic, { tokens: 1 });
  await task;
  const found = await read(metrics);
  assert.deepEqual(found.all(PRODUCED), { [`topic=${topic}`]: 1 });
  assert.deepEqual(found.all(CONSUMED), { [`topic=${topic}`]: 1 });
  assert.deepEqual(found.all(LAG), {});
});

Deno.test("a record that a deserializer refuses is counted when it is given, not when it is met", async () => {
  const bus = new MemoryBus();
  const encode = (text: string) => new TextEncoder().encode(text);
  await bus.send(["good", "bad"].map((text) => ({ topic: "t", value: encode(text) })));
  const metrics = new ClientMetrics();
  let refuses = true;
  const consumer = await bus.open({ group: null, topics: ["t"], from: "earliest" });
  const client = new ConsumerClient({
    config: { topics: ["t"] },
    consumer,
    metrics,
    valueDeserializer: (bytes) => {
      const text = new TextDecoder().decode(bytes ?? undefined);
      if (refuses && text === "bad") throw new Error("no");
      return text;
    },
  });
  assert.equal((await client.poll()).length, 1);
  await assert.rejects(client.poll());
  await assert.rejects(client.poll());
  assert.equal((await read(metrics)).of(CONSUMED, { topic: "t" }), 1);
  refuses = false;
  assert.equal((await client.poll()).length, 1);
  assert.equal((await read(metrics)).of(CONSUMED, { topic: "t" }), 2);
  await client.close();
});

Deno.test("an injected producer is counted, and what it refuses is not", async () => {
  const bus = new MemoryBus();
  const metrics = new ClientMetrics();
  const send = bus.send.bind(bus);
  let refuses = false;
  await using producer = new ProducerClient({
    producer: {
      send: (records) => refuses ? Promise.reject(new Error("away")) : send(records),
    },
    metrics,
  });
  await producer.publish("t", 1);
  refuses = true;
  await assert.rejects(producer.publish("t", 2), /away/);
  assert.deepEqual((await read(metrics)).all(PRODUCED), { "topic=t": 1 });
});

theBrokerEnds();
