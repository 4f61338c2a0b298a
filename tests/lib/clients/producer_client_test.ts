import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { OutgoingRecord, Position } from "../../../lib/bus/contract.ts";
import { ConsumerClient } from "../../../lib/clients/consumer_client.ts";
import { ProducerClient, type ProducerClientOptions } from "../../../lib/clients/producer_client.ts";
import { BufferFullError } from "../../../lib/clients/buffer_full_error.ts";
import { ClientClosedError } from "../../../lib/clients/closed_error.ts";
import { PublishFailures } from "../../../lib/clients/publish_failures.ts";
import { ClientTimeoutError } from "../../../lib/clients/timeout_error.ts";
import { onBothBuses, onKafka, type TestBus, theBrokerEnds } from "./buses.ts";

const text = (bytes: Uint8Array | null | undefined) => bytes && new TextDecoder().decode(bytes);

/** A bus that notes what it is sent, and answers when it is told to. */
class FakeBus {
  readonly sent: OutgoingRecord[] = [];
  #answers: {
    records: readonly OutgoingRecord[];
    resolve(at: Position[]): void;
    reject(error: unknown): void;
  }[] = [];
  /** Answers at once. */
  prompt = true;

  async send(records: readonly OutgoingRecord[]): Promise<Position[]> {
    const from = this.sent.length;
    this.sent.push(...records);
    const positions = records.map(({ topic, partition = 0 }, i) => ({ topic, partition, offset: from + i }));
    if (this.prompt) return positions;
    return await new Promise((resolve, reject) => {
      this.#answers.push({ records, resolve: () => resolve(positions), reject });
    });
  }

  fail(error: unknown): void {
    for (const answer of this.#answers.splice(0)) answer.reject(error);
  }

  acknowledge(): void {
    for (const answer of this.#answers.splice(0)) answer.resolve([]);
  }

  /** Resolves when something waits for an answer, and everything that was to be handed over by now was. */
  async asked(): Promise<void> {
    for (let turns = 0; turns < 2 || this.#answers.length === 0; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function fake(options: ProducerClientOptions = {}): { bus: FakeBus; producer: ProducerClient } {
  const bus = new FakeBus();
  return { bus, producer: new ProducerClient({ producer: bus, ...options }) };
}

Deno.test("publish() sends key, value, headers, partition and time, and tells where the record lies", async () => {
  const { bus, producer } = fake();
  const result = await producer.publish("agent.events", { agent: "research" }, {
    key: "k",
    headers: { a: "1", b: new Uint8Array([2]), c: null },
    partition: 4,
    timestampMs: 1_700_000_000_000,
  });
  assert.deepEqual(result, {
    topic: "agent.events",
    partition: 4,
    offset: 0,
    timestampMs: 1_700_000_000_000,
  });
  const [record] = bus.sent;
  assert.equal(text(record?.value), '{"agent":"research"}');
  assert.equal(text(record?.key), "k");
  assert.deepEqual(record?.headers?.map(([name, value]) => [name, text(value)]), [["a", "1"], ["b", "\x02"], [
    "c",
    "",
  ]]);
  await producer.close();
});

Deno.test("values are bytes as they are, text, JSON or a tombstone; serializers decide otherwise", async () => {
  const { bus, producer } = fake();
  const bytes = new Uint8Array([1, 2]);
  for (const value of [bytes, "text", ["é", 1], 7, true, null]) await producer.publish("t", value);
  assert.equal(bus.sent[0]?.value, bytes);
  assert.deepEqual(bus.sent.slice(1).map(({ value }) => text(value)), ["text", '["é",1]', "7", "true", null]);
  for (const key of [bytes, "text", { a: 1 }, null, undefined]) await producer.publishJson("t", {}, { key });
  assert.deepEqual(bus.sent.slice(6).map(({ key }) => text(key)), [
    "\x01\x02",
    "text",
    '{"a":1}',
    undefined,
    undefined,
  ]);
  const own = fake({
    valueSerializer: (value) => Buffer.from(`<${value}>`),
    keySerializer: () => Buffer.from("K"),
  });
  await own.producer.publish("t", 1, { key: 2 });
  assert.deepEqual([text(own.bus.sent[0]?.value), text(own.bus.sent[0]?.key)], ["<1>", "K"]);
});

Deno.test("publish() refuses what it can't send, with wait: false too, and sends the others", async () => {
  const { bus, producer } = fake({ config: { extra: { maxRequestSize: 100 } } });
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const wrong: [unknown, Parameters<typeof producer.publish>[2], RegExp][] = [
    [undefined, {}, /undefined has no JSON form/],
    [cycle, { wait: false }, /it has no JSON form/],
    [1n, {}, /it has no JSON form/],
    ["x".repeat(100), {}, /the record has 140 bytes, more than the 100 allowed/],
    ["x", { partition: -1 }, /-1 is no partition/],
    ["x", { timeoutS: -1 }, /timeoutS must be 0 or more/],
  ];
  const good = producer.publish("t", "good");
  for (const [value, options, message] of wrong) {
    await assert.rejects(producer.publish("t", value, options), { name: "TypeError", message });
  }
  await good;
  assert.deepEqual(bus.sent.map(({ value }) => text(value)), ["good"]);
});

Deno.test("with wait: false publish() gives null, and flush() says once how many records failed", async () => {
  const { bus, producer } = fake();
  bus.prompt = false;
  for (let i = 0; i < 3; i++) assert.equal(await producer.publish("t", i, { wait: false }), null);
  await bus.asked();
  bus.fail(new Error("the disk is full"));
  await assert.rejects(producer.flush(), (error) => {
    assert.ok(error instanceof PublishFailures);
    assert.equal(error.count, 3);
    assert.equal(error.message, "Cannot store 3 records published with wait: false: the disk is full");
    return true;
  });
  await producer.flush();
  await producer.publish("t", 3, { wait: false });
  await bus.asked();
  bus.fail(new Error("again"));
  await assert.rejects(producer.close(), { name: "PublishFailures", count: 1 });
});

Deno.test("a failed record that is awaited rejects there, and flush() does not tell it again", async () => {
  const { bus, producer } = fake();
  bus.prompt = false;
  const publishing = producer.publish("t", 1);
  await bus.asked();
  bus.fail(new Error("no"));
  await assert.rejects(publishing, { message: "no" });
  await producer.close();
});

Deno.test("timeoutS bounds publish(), flush() and close() while the bus does not answer", async () => {
  const { bus, producer } = fake({ config: { extra: { bufferMemory: 100 } } });
  bus.prompt = false;
  const full = "a".repeat(60);
  const sent = producer.publish("t", full, { timeoutS: 0.001 });
  const waiting = producer.publish("t", "b", { timeoutS: 0.001 });
  const taken = producer.publish("t", "c", { timeoutS: 0.001, wait: false });
  const late = (message: RegExp) => ({ name: "ClientTimeoutError", message });
  await Promise.all([
    assert.rejects(sent, late(/may still be stored/)),
    assert.rejects(waiting, late(/it was not sent/)),
    assert.rejects(taken, late(/it was not sent/)),
  ]);
  await assert.rejects(producer.flush({ timeoutS: 0 }), { message: /1 records are not acknowledged/ });
  await assert.rejects(producer.close({ timeoutS: 0 }), ClientTimeoutError);
  assert.deepEqual(bus.sent.map(({ value }) => text(value)), [full]);
});

Deno.test("close() that gives records up says so to whoever waits, and counts those nobody waits for", async () => {
  const { bus, producer } = fake();
  bus.prompt = false;
  const waiting = assert.rejects(producer.publish("t", 1), ClientClosedError);
  await producer.publish("t", 2, { wait: false });
  await bus.asked();
  await assert.rejects(producer.close({ timeoutS: 0 }), (error) => {
    assert.ok(error instanceof ClientTimeoutError);
    assert.ok(error.cause instanceof PublishFailures);
    assert.equal(error.cause.count, 1);
    return true;
  });
  await waiting;
  await assert.rejects(producer.publish("t", 3), {
    name: "ClientClosedError",
    message: /the producer is closed/,
  });
});

Deno.test("publish() that nobody awaits is refused when twice the buffer waits", async () => {
  const { bus, producer } = fake({ config: { extra: { bufferMemory: 1_000 } } });
  bus.prompt = false;
  const outcomes = Array.from({ length: 60 }, () => producer.publish("t", "0123456789", { wait: false }));
  const refused = await Promise.all(outcomes.slice(40).map((each) => each.catch((error) => error)));
  assert.ok(refused.every((error) => error instanceof BufferFullError), String(refused));
  await bus.asked();
  bus.prompt = true;
  bus.acknowledge();
  await Promise.all(outcomes.slice(0, 40));
  await producer.flush();
  assert.equal(bus.sent.length, 40);
  await producer.close();
});

/** All values of a topic, as texts. */
async function valuesOf({ config }: TestBus, topic: string, count: number): Promise<string[]> {
  await using consumer = new ConsumerClient<string>({
    config: { ...config, topics: [topic], autoOffsetReset: "earliest" },
    valueDeserializer: (bytes) => text(bytes) ?? "",
  });
  const values: string[] = [];
  while (values.length < count) for (const { value } of await consumer.poll()) values.push(value);
  return values;
}

onBothBuses("single calls of publish() keep their order, awaited or not", async (bus) => {
  const topic = bus.name("ordered");
  const producer = new ProducerClient({ config: bus.config });
  const results = await Promise.all(
    Array.from({ length: 500 }, (_, i) => producer.publish(topic, String(i))),
  );
  assert.deepEqual(results.map((result) => result?.offset), Array.from({ length: 500 }, (_, i) => i));
  for (let i = 500; i < 3_000; i++) await producer.publish(topic, String(i), { wait: false });
  await producer.close();
  assert.deepEqual(await valuesOf(bus, topic, 3_000), Array.from({ length: 3_000 }, (_, i) => String(i)));
});

onBothBuses("a partition that does not exist fails its records alone", async (bus) => {
  const topic = bus.name("partitions");
  await using producer = new ProducerClient({ config: bus.config });
  const good = [0, undefined, 0].map((partition) => producer.publish(topic, "good", { partition }));
  const bad = assert.rejects(producer.publish(topic, "bad", { partition: 7 }), { name: "RangeError" });
  await Promise.all([...good, bad]);
  assert.deepEqual(await valuesOf(bus, topic, 3), ["good", "good", "good"]);
});

for (const compressionType of ["none", "gzip", "snappy", "lz4", "zstd"] as const) {
  onKafka(`records compressed with ${compressionType} are read again`, async (bus) => {
    const topic = bus.name(compressionType);
    await using producer = new ProducerClient({ config: { ...bus.config, compressionType } });
    const values = Array.from({ length: 100 }, (_, i) => `${i} ${"long ".repeat(20)}`);
    for (const value of values) await producer.publish(topic, value, { wait: false });
    await producer.flush();
    assert.deepEqual(await valuesOf(bus, topic, 100), values);
  });
}

onKafka("acks 1 tells where a record lies, acks 0 gives offset -1; both keep the order", async (bus) => {
  for (const acks of [1, 0] as const) {
    const topic = bus.name(`acks-${acks}`);
    const producer = new ProducerClient({ config: { ...bus.config, acks } });
    const results = await Promise.all(["a", "b", "c"].map((value) => producer.publish(topic, value)));
    assert.deepEqual(results.map((result) => result?.offset), acks === 1 ? [0, 1, 2] : [-1, -1, -1]);
    assert.deepEqual(await valuesOf(bus, topic, 3), ["a", "b", "c"]);
    await producer.close();
  }
});

onKafka("a topic that is missing is an error, unless createTopics says otherwise", async (bus) => {
  await using producer = new ProducerClient({ config: { ...bus.config, createTopics: 0 } });
  const missing = producer.publish(bus.name("missing"), "x");
  await assert.rejects(missing, { name: "KafkaError", failure: "unknown-topic" });
});

Deno.test("a broker that is not there: publish() rejects in time, and close() ends", async () => {
  const producer = new ProducerClient({
    config: { bootstrapServers: "127.0.0.1:1", requestTimeoutMs: 20_000 },
  });
  await assert.rejects(producer.publish("t", "x", { timeoutS: 5 }), {
    name: "KafkaError",
    failure: "unreachable",
  });
  await producer.close();
});

theBrokerEnds();
