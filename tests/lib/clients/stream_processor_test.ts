import assert from "node:assert/strict";
import { FencedError } from "../../../lib/bus/contract.ts";
import { ConsumerClient } from "../../../lib/clients/consumer_client.ts";
import type { KafkaConsumerConfig } from "../../../lib/clients/consumer_config.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import type { StreamConfig } from "../../../lib/clients/stream_config.ts";
import { StreamProcessor } from "../../../lib/clients/stream_processor.ts";
import { MemoryBus } from "../bus/memory_bus.ts";
import { onBothBuses, theBrokerEnds } from "./buses.ts";

/** A processor over a bus in memory, from topic `in`. */
async function scene(
  values: readonly string[],
  config: StreamConfig = {},
  consumerConfig: Partial<KafkaConsumerConfig> = {},
) {
  const bus = new MemoryBus();
  bus.append("in", values);
  const group = consumerConfig.groupId === null ? null : "g";
  const subscription = await bus.open({ group, topics: ["in"], from: "earliest" });
  const consumer = new ConsumerClient({
    config: { topics: ["in"], groupId: "g", ...consumerConfig },
    consumer: subscription,
  });
  const producer = new ProducerClient({ producer: bus });
  const processor = new StreamProcessor({
    consumer,
    producer,
    config: { batchSize: 2, maxWaitMs: 0, pollTimeoutMs: 1, ...config },
  });
  return { bus, consumer, producer, processor, committed: () => bus.committed.get("g/in") };
}

Deno.test("collectBatch() gives up to batchSize messages and lets a batch fill from several polls", async () => {
  const { bus, processor } = await scene(["1", "2", "3"], {
    batchSize: 4,
    maxWaitMs: 60_000,
    pollTimeoutMs: 60_000,
  });
  const collecting = processor.collectBatch();
  await new Promise((resolve) => setImmediate(resolve));
  bus.append("in", ["4", "5"]);
  assert.deepEqual((await collecting).map(({ value }) => value), [1, 2, 3, 4]);
});

Deno.test("processOnce() counts the messages, and commits what a handler that returns nothing has handled", async () => {
  const { bus, processor, committed } = await scene(["1", "2", "3"]);
  const seen: unknown[] = [];
  const handler = (batch: { value: unknown }[]) => void seen.push(...batch.map(({ value }) => value));
  assert.equal(await processor.processOnce(handler), 2);
  assert.equal(committed(), 2);
  assert.equal(await processor.processOnce(handler), 1);
  assert.equal(await processor.processOnce(handler), 0);
  assert.deepEqual(seen, [1, 2, 3]);
  assert.equal(committed(), 3);
  assert.equal(bus.commits.length, 2);
});

Deno.test("raw values go to outputTopic with the key of their message, requests where they say", async () => {
  const { bus, processor } = await scene([]);
  bus.add({ topic: "in", key: new TextEncoder().encode("k"), value: new TextEncoder().encode("1") });
  bus.append("in", ["2"]);
  await processor.processOnce(() => [
    "raw",
    { topic: "other", value: { a: 1 }, key: "own", headers: { h: "x" }, timestampMs: 7 },
    { topic: "not a request", value: 1, more: true },
  ], { outputTopic: "out" });
  const text = (bytes: Uint8Array | null | undefined) => bytes && new TextDecoder().decode(bytes);
  assert.deepEqual(bus.values("out"), ["raw", '{"topic":"not a request","value":1,"more":true}']);
  assert.equal(text(bus.records.get("out")?.[0]?.key), "k");
  const [other] = bus.records.get("other") ?? [];
  assert.deepEqual([text(other?.key), text(other?.value), other?.timestamp], ["own", '{"a":1}', 7]);
  assert.equal(other?.headers[0]?.[0], "h");
});

Deno.test("outputs are acknowledged before their batch is committed; one that fails leaves it uncommitted", async () => {
  const { bus, processor, committed } = await scene(["1", "2"]);
  bus.beforeCommit = () => assert.deepEqual(bus.values("out"), ["1", "2"]);
  bus.faults.send.push(new Error("no room"));
  const pass = (batch: { value: unknown }[]) => batch.map(({ value }) => value);
  await assert.rejects(processor.processOnce(pass, { outputTopic: "out" }), { message: "no room" });
  assert.equal(committed(), undefined);
  assert.equal(await processor.processOnce(pass, { outputTopic: "out" }), 2, "the batch comes again");
  assert.equal(committed(), 2);
});

Deno.test("a batch whose handler throws is not committed and comes again, however often", async () => {
  const { processor, committed } = await scene(["1", "2", "3", "4"]);
  const seen: unknown[][] = [];
  let fail = false;
  const handler = (batch: { value: unknown }[]) => {
    seen.push(batch.map(({ value }) => value));
    if (fail) throw new Error("no");
  };
  await processor.processOnce(handler);
  fail = true;
  await assert.rejects(processor.processOnce(handler), { message: "no" });
  await assert.rejects(processor.run(handler), { message: "no" });
  fail = false;
  assert.equal(await processor.run(handler, { iterations: 1 }), 2);
  assert.deepEqual(seen, [[1, 2], [3, 4], [3, 4], [3, 4]]);
  assert.equal(committed(), 4);
});

Deno.test("run() handles a batch while the one before is stored and committed, and never commits out of turn", async () => {
  const { bus, processor, committed } = await scene(["1", "2", "3", "4", "5"], { batchSize: 1 });
  const events: string[] = [];
  const { promise: handled, resolve } = Promise.withResolvers<void>();
  bus.beforeCommit = async ({ through }) => {
    if (through.offset === 0) await handled;
    events.push(`commit ${through.offset}`);
  };
  const total = await processor.run((batch) => {
    events.push(`handle ${batch[0]?.offset}`);
    if (batch[0]?.offset === 1) resolve();
  }, { iterations: 5 });
  assert.equal(total, 5);
  assert.equal(committed(), 5);
  assert.ok(events.indexOf("handle 1") < events.indexOf("commit 0"), "the second was handled meanwhile");
  assert.deepEqual(
    events.filter((event) => event.startsWith("commit")),
    [0, 1, 2, 3, 4].map((i) => `commit ${i}`),
  );
  for (let i = 2; i < 5; i++) assert.ok(events.indexOf(`commit ${i - 2}`) < events.indexOf(`handle ${i}`));
});

Deno.test("run(): where outputs fail while the next batch is handled, both come again", async () => {
  const { bus, processor, committed } = await scene(["1", "2", "3"], { batchSize: 1 });
  bus.faults.send.push(new Error("no room"));
  const seen: unknown[] = [];
  const handler = (batch: { value: unknown }[]) => {
    seen.push(batch[0]?.value);
    return batch[0]?.value === 1 ? ["out"] : [];
  };
  await assert.rejects(processor.run(handler, { outputTopic: "out" }), { message: "no room" });
  assert.equal(committed(), undefined);
  assert.deepEqual(seen, [1, 2]);
  assert.equal(await processor.run(handler, { outputTopic: "out", iterations: 3 }), 3);
  assert.deepEqual(seen, [1, 2, 1, 2, 3]);
});

Deno.test("run() stops after the batch at hand when its signal aborts", async () => {
  const { processor, committed } = await scene(["1", "2", "3"], { batchSize: 1 });
  const stop = new AbortController();
  const total = await processor.run(({ 0: first }) => {
    if (first?.value === 2) stop.abort();
  }, { signal: stop.signal });
  assert.equal(total, 2);
  assert.equal(committed(), 2);
  const idle = new AbortController();
  const waiting = (await scene([], { pollTimeoutMs: 3_600_000 })).processor.run(() => {}, {
    signal: idle.signal,
  });
  idle.abort();
  assert.equal(await waiting, 0);
});

Deno.test("a batch that another member took over does not stop the processor", async () => {
  const { bus, processor } = await scene(["1", "2", "3"]);
  bus.faults.commit.push(new FencedError("gone"));
  assert.equal(await processor.run(() => {}, { iterations: 2 }), 3);
});

Deno.test("commitOnSuccess: false, and a consumer without a group, commit nothing", async () => {
  for (const [stream, consumer] of [[{ commitOnSuccess: false }, {}], [{}, { groupId: null }]] as const) {
    const { bus, processor } = await scene(["1", "2"], stream, consumer);
    assert.equal(await processor.processOnce(() => {}), 2);
    assert.deepEqual(bus.commits, []);
  }
});

Deno.test("a consumer that commits by itself commits what the processor has handled, and no more", async () => {
  const auto = { enableAutoCommit: true, extra: { autoCommitIntervalMs: 0 } };
  const { bus, processor, consumer, committed } = await scene(["1", "2", "3"], {
    batchSize: 1,
    commitOnSuccess: false,
  }, auto);
  bus.faults.send.push(new Error("no room"));
  await assert.rejects(processor.processOnce(() => ["out"], { outputTopic: "out" }), { message: "no room" });
  await processor.run(() => ["out"], { outputTopic: "out", iterations: 2 });
  await processor.collectBatch();
  await consumer.close();
  assert.equal(committed(), 2);
});

Deno.test("while a batch's outputs are not acknowledged, a consumer that commits by itself does not commit it", async () => {
  const auto = { enableAutoCommit: true, extra: { autoCommitIntervalMs: 0 } };
  for (const commitOnSuccess of [true, false]) {
    const { bus, consumer, committed } = await scene(["1", "2"], {}, auto);
    const acknowledged = Promise.withResolvers<void>();
    const producer = new ProducerClient({
      producer: { send: (records) => acknowledged.promise.then(() => bus.send(records)) },
    });
    const config = { batchSize: 1, maxWaitMs: 0, pollTimeoutMs: 1, commitOnSuccess };
    const processor = new StreamProcessor({ consumer, producer, config });
    const seen: (number | undefined)[] = [];
    await processor.run(async () => {
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
      seen.push(committed());
      if (seen.length === 2) acknowledged.resolve();
      return ["out"];
    }, { outputTopic: "out", iterations: 2 });
    assert.deepEqual(seen, [undefined, undefined], `commitOnSuccess ${commitOnSuccess}`);
    await consumer.close();
  }
});

Deno.test("what was polled before a poll failed is handled first; then the failure is told", async () => {
  const bus = new MemoryBus();
  bus.append("in", ["1", "2", "x", "4"]);
  const consumer = new ConsumerClient({
    config: { topics: ["in"], groupId: "g" },
    consumer: await bus.open({ group: "g", topics: ["in"], from: "earliest" }),
    valueDeserializer: (bytes): unknown => JSON.parse(new TextDecoder().decode(bytes ?? undefined)),
  });
  const processor = new StreamProcessor({ consumer, config: { batchSize: 10, maxWaitMs: 60_000 } });
  const seen: unknown[] = [];
  assert.equal(await processor.processOnce((batch) => void seen.push(...batch.map(({ value }) => value))), 2);
  await assert.rejects(processor.processOnce(() => {}), { name: "DeserializeError" });
  await assert.rejects(processor.processOnce(() => {}), { name: "DeserializeError" });
  consumer.seek({ topic: "in", partition: 0, offset: 3 });
  const config = { batchSize: 1 };
  const rest = new StreamProcessor({ consumer, config });
  assert.equal(await rest.processOnce((batch) => void seen.push(...batch.map(({ value }) => value))), 1);
  assert.deepEqual(seen, [1, 2, 4]);
  assert.equal(bus.committed.get("g/in"), 4);
});

Deno.test("outputs that can't be published are refused in words, and nothing is committed", async () => {
  const { bus, consumer, processor } = await scene(["1", "2"]);
  await assert.rejects(processor.processOnce(() => ["raw"]), { message: /there is no outputTopic/ });
  // As a program without types would.
  const text: (batch: unknown) => unknown = () => "text";
  await assert.rejects(processor.processOnce(text as () => string[]), { message: /it is no list/ });
  const alone = new StreamProcessor({ consumer, config: { batchSize: 1, maxWaitMs: 0 } });
  await assert.rejects(alone.processOnce(() => ["raw"], { outputTopic: "out" }), {
    message: /has no producer/,
  });
  assert.deepEqual(bus.commits, []);
});

onBothBuses("a stream is consumed, transformed and produced whole and in order", async (bus) => {
  const [input, output] = [bus.name("in"), bus.name("out")];
  await using producer = new ProducerClient({ config: bus.config });
  for (let i = 0; i < 1_000; i++) await producer.publish(input, { i }, { key: "k", wait: false });
  await producer.flush();
  const reading = (topic: string) =>
    new ConsumerClient<{ i: number }>({
      config: { ...bus.config, topics: [topic], groupId: bus.name("group"), autoOffsetReset: "earliest" },
    });
  await using consumer = reading(input);
  const processor = new StreamProcessor({ consumer, producer, config: { batchSize: 100 } });
  const stop = new AbortController();
  const total = await processor.run((batch) => {
    if (batch.some(({ value }) => value.i === 999)) stop.abort();
    return batch.map(({ value }) => ({ i: value.i * 2 }));
  }, { outputTopic: output, signal: stop.signal });
  assert.equal(total, 1_000);
  await using reader = reading(output);
  const outputs: number[] = [];
  while (outputs.length < 1_000) for (const { value } of await reader.poll()) outputs.push(value.i);
  assert.deepEqual(outputs, Array.from({ length: 1_000 }, (_, i) => i * 2));
});

theBrokerEnds();
