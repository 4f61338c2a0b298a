import assert from "node:assert/strict";
import { KafkaEventConsumer } from "../../../lib/clients/event_consumer.ts";
import { KafkaEventProducer } from "../../../lib/clients/event_producer.ts";
import { MemoryBus } from "../bus/memory_bus.ts";
import { onBothBuses, theBrokerEnds } from "./buses.ts";

/** A consumer of events over a bus in memory. */
async function inMemory(values: readonly string[]) {
  const bus = new MemoryBus();
  bus.append("t", values);
  const consumer = new KafkaEventConsumer<number>({ groupId: "g" }, ["t"], {
    consumer: await bus.open({ group: "g", topics: ["t"], from: "earliest" }),
  });
  return { bus, consumer, committed: () => bus.committed.get("g/t") };
}

Deno.test("consume() hands events on one by one and commits those that were handled when it is aborted", async () => {
  const { consumer, committed } = await inMemory(["1", "2", "3"]);
  const stop = new AbortController();
  const seen: unknown[] = [];
  let busy = 0;
  await consumer.consume(async (topic, value, message) => {
    assert.equal(++busy, 1, "one at a time");
    await Promise.resolve();
    busy--;
    seen.push([topic, value, message.offset]);
    if (value === 2) stop.abort();
  }, { signal: stop.signal });
  assert.deepEqual(seen, [["t", 1, 0], ["t", 2, 1]]);
  assert.equal(committed(), 2);
  await consumer.close();
});

Deno.test("a handler that throws ends the task; its event comes again, those before it do not", async () => {
  const { consumer, committed } = await inMemory(["1", "2", "3"]);
  const failing = consumer.consume((_topic, value) => {
    if (value === 2) throw new Error("no");
  });
  await assert.rejects(failing, { message: "no" });
  assert.equal(committed(), 1);
  const seen: number[] = [];
  const stop = new AbortController();
  await consumer.consume((_topic, value) => {
    if (seen.push(value) === 2) stop.abort();
  }, { signal: stop.signal });
  assert.deepEqual(seen, [2, 3]);
  assert.equal(committed(), 3);
});

Deno.test("with onError a failed event counts as handled and the next one follows", async () => {
  const { consumer, committed } = await inMemory(["1", "2", "3"]);
  const stop = new AbortController();
  const failed: unknown[] = [];
  await consumer.consume((_topic, value) => {
    if (value === 3) stop.abort();
    if (value === 2) throw new Error("no");
  }, { signal: stop.signal, onError: (error, { value }) => void failed.push([error, value]) });
  assert.deepEqual(failed, [[new Error("no"), 2]]);
  assert.equal(committed(), 3);
});

Deno.test("close() ends the task after the event at hand; a second task is refused", async () => {
  const { consumer, committed } = await inMemory(["1", "2"]);
  const { promise: began, resolve: begin } = Promise.withResolvers<void>();
  const { promise: go, resolve: goOn } = Promise.withResolvers<void>();
  const task = consumer.consume(async () => {
    begin();
    await go;
  });
  await began;
  await assert.rejects(consumer.consume(() => {}), { message: /a task of this consumer runs already/ });
  const closed = consumer.close();
  goOn();
  await task;
  await closed;
  assert.equal(committed(), 1);
});

onBothBuses("events published after start() reach the handler, those before do not", async (bus) => {
  const topic = bus.name("events");
  await using producer = new KafkaEventProducer(bus.config);
  await producer.publish(topic, { n: 0 });
  const consumer = new KafkaEventConsumer<{ n: number }>(bus.config, [topic]);
  await consumer.start();
  await producer.publish(topic, { n: 1 }, "key");
  await producer.publish(topic, { n: 2 }, null);
  const stop = new AbortController();
  const seen: unknown[] = [];
  await consumer.consume((from, { n }, { key }) => {
    seen.push([from, n, key]);
    if (n === 2) stop.abort();
  }, { signal: stop.signal });
  assert.deepEqual(seen, [[topic, 1, "key"], [topic, 2, null]]);
  await consumer.close();
});

theBrokerEnds();
