import assert from "node:assert/strict";
import { FencedError } from "../../../lib/bus/contract.ts";
import { ConsumerClient, type ConsumerClientOptions } from "../../../lib/clients/consumer_client.ts";
import type { KafkaConsumerConfig } from "../../../lib/clients/consumer_config.ts";
import { DeserializeError } from "../../../lib/clients/deserialize_error.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { systemClock } from "../../../lib/bus/clock.ts";
import { awaitedLater } from "../../awaited_later.ts";
import { MemoryBus } from "../bus/memory_bus.ts";
import { onBothBuses, type TestBus, theBrokerEnds } from "./buses.ts";

/** Publishes values and gives a maker of consumers of their topic, from the start unless told otherwise. */
async function filled(bus: TestBus, values: readonly unknown[], partitions = 1) {
  const topic = bus.name("topic");
  await using producer = new ProducerClient({ config: { ...bus.config, createTopics: partitions } });
  for (const [i, value] of values.entries()) {
    await producer.publish(topic, value, { partition: i % partitions, wait: false });
  }
  await producer.flush();
  const open = <V = unknown>(
    config: Partial<KafkaConsumerConfig> = {},
    rest: Omit<ConsumerClientOptions<V>, "config"> = {},
  ) =>
    new ConsumerClient<V>({
      config: { ...bus.config, topics: [topic], autoOffsetReset: "earliest", ...config },
      ...rest,
    });
  return { topic, open };
}

/** Polls until there are `count` messages. */
async function take<V>(consumer: ConsumerClient<V>, count: number): Promise<V[]> {
  const values: V[] = [];
  while (values.length < count) {
    for (const { value } of await consumer.poll({ maxRecords: count - values.length })) values.push(value);
  }
  return values;
}

onBothBuses("poll() gives messages with all they have", async (bus) => {
  const topic = bus.name("whole");
  await using producer = new ProducerClient({ config: bus.config });
  await producer.publish(topic, { a: 1 }, { key: "k", headers: { h: "x" }, timestampMs: 1_700_000_000_123 });
  await producer.publish(topic, null, { key: new Uint8Array([255]), timestampMs: 1_700_000_000_124 });
  await using consumer = new ConsumerClient({
    config: { ...bus.config, topics: [topic], autoOffsetReset: "earliest" },
  });
  const messages = [];
  while (messages.length < 2) messages.push(...await consumer.poll());
  assert.deepEqual(messages, [
    {
      topic,
      partition: 0,
      offset: 0,
      timestampMs: 1_700_000_000_123,
      key: "k",
      value: { a: 1 },
      headers: { h: new Uint8Array([120]) },
    },
    {
      topic,
      partition: 0,
      offset: 1,
      timestampMs: 1_700_000_000_124,
      key: new Uint8Array([255]),
      value: null,
      headers: {},
    },
  ]);
});

onBothBuses("values are JSON, else text, else bytes", async (bus) => {
  const bytes = new Uint8Array([0xff, 0xfe]);
  const { open } = await filled(bus, ['{"a":1}', " 7 ", "plain", "  ", bytes, "", null]);
  await using consumer = open();
  assert.deepEqual(await take(consumer, 7), [{ a: 1 }, 7, "plain", "", bytes, "", null]);
});

onBothBuses("a group goes on behind what was committed", async (bus) => {
  const { open } = await filled(bus, [0, 1, 2, 3, 4]);
  const groupId = bus.name("group");
  {
    await using first = open({ groupId });
    assert.deepEqual(await take(first, 2), [0, 1]);
    await first.commit();
    assert.deepEqual(await take(first, 2), [2, 3]);
  }
  await using second = open({ groupId });
  assert.deepEqual(await take(second, 3), [2, 3, 4]);
});

onBothBuses("commit(positions) commits behind these alone, in several partitions", async (bus) => {
  const { topic, open } = await filled(bus, [0, 1, 2, 3], 2);
  const groupId = bus.name("group");
  {
    await using first = open({ groupId });
    await take(first, 4);
    await first.commit([{ topic, partition: 0, offset: 0 }, { topic, partition: 1, offset: 1 }]);
  }
  await using second = open({ groupId });
  assert.deepEqual(await take(second, 1), [2]);
});

onBothBuses("enableAutoCommit commits what was handled: what the last poll gave comes again", async (bus) => {
  const { open } = await filled(bus, [0, 1, 2, 3]);
  const auto = { groupId: bus.name("group"), enableAutoCommit: true, extra: { autoCommitIntervalMs: 0 } };
  {
    await using first = open(auto);
    assert.deepEqual(await take(first, 1), [0]);
    assert.deepEqual(await take(first, 1), [1]);
  }
  {
    await using second = open(auto);
    assert.deepEqual(await take(second, 1), [1]);
    await second.commit();
  }
  await using third = open({ ...auto, extra: { autoCommitIntervalMs: 3_600_000 } });
  assert.deepEqual(await take(third, 1), [2]);
  assert.deepEqual(await take(third, 1), [3]);
  await third.close();
  await using fourth = open(auto);
  assert.deepEqual(await take(fourth, 1), [3], "close() commits what the interval had left over");
});

onBothBuses("without a group everything is read, by each, and nothing can be committed", async (bus) => {
  const { open } = await filled(bus, [0, 1]);
  for (let reader = 0; reader < 2; reader++) {
    await using consumer = open({ groupId: null });
    assert.deepEqual(await take(consumer, 2), [0, 1]);
    await assert.rejects(consumer.commit(), { name: "TypeError", message: /this consumer has no group/ });
  }
});

onBothBuses('"latest" gives what is published after open()', async (bus) => {
  const { topic, open } = await filled(bus, ["before"]);
  await using consumer = open({ autoOffsetReset: "latest", groupId: bus.name("group") });
  await consumer.open();
  const polling = awaitedLater(take(consumer, 1));
  await using producer = new ProducerClient({ config: bus.config });
  // On a local file the partition comes right after open().
  for (let i = 0, over = false; !over; i++) {
    await producer.publish(topic, `after ${i}`);
    const pause = new AbortController();
    over = await Promise.race([
      polling.then(() => true),
      systemClock.sleep(200, pause.signal).then(() => false),
    ]);
    pause.abort();
  }
  assert.match(String((await polling)[0]), /^after/);
});

onBothBuses('"none" is an error that names the partition without a committed offset', async (bus) => {
  const { topic, open } = await filled(bus, [0, 1, 2, 3], 2);
  const groupId = bus.name("group");
  await using strict = open({ autoOffsetReset: "none", groupId });
  await assert.rejects(async () => await take(strict, 1), {
    message: new RegExp(
      `Cannot read partition \\d of "${topic}": group "${groupId}" has committed no offset there`,
    ),
  });
  await strict.close();
  {
    await using lenient = open({ groupId });
    await take(lenient, 4);
    await lenient.commit();
    await lenient.commit([{ topic, partition: 1, offset: 0 }]);
  }
  await using again = open({ autoOffsetReset: "none", groupId });
  assert.deepEqual(await take(again, 1), [3]);
});

onBothBuses("a record that a deserializer refuses is neither lost nor passed", async (bus) => {
  const { topic, open } = await filled(bus, ["1", "2", "x", "4"]);
  const groupId = bus.name("group");
  const numbers = {
    valueDeserializer: (bytes: Uint8Array | null) => {
      const number = Number(new TextDecoder().decode(bytes ?? undefined));
      if (Number.isNaN(number)) throw new RangeError("no number");
      return number;
    },
  };
  await using consumer = open<number>({ groupId }, numbers);
  assert.deepEqual(await take(consumer, 2), [1, 2]);
  for (let time = 0; time < 2; time++) {
    const error = await poll(consumer).then(() => undefined, (error) => error);
    assert.ok(error instanceof DeserializeError);
    assert.match(
      error.message,
      new RegExp(`Cannot read the value of the record at offset 2 of partition 0 of "${topic}"`),
    );
    assert.equal(new TextDecoder().decode(error.record.value ?? undefined), "x");
  }
  await consumer.commit();
  {
    await using bytes = open({ groupId: bus.name("other") });
    assert.deepEqual(await take(bytes, 4), [1, 2, "x", 4]);
  }
  consumer.seek({ topic, partition: 0, offset: 3 });
  assert.deepEqual(await take(consumer, 1), [4]);
  await consumer.close();
  await using again = open({ groupId });
  assert.equal((await take(again, 1))[0], "x", "it was not committed either");
});

/** One poll that gives something or fails. */
async function poll(consumer: ConsumerClient<unknown>): Promise<unknown[]> {
  for (;;) {
    const messages = await consumer.poll();
    if (messages.length > 0) return messages;
  }
}

onBothBuses("poll() ends in time, on a signal and after close()", async (bus) => {
  const { open } = await filled(bus, [1]);
  await using consumer = open({ groupId: bus.name("group"), autoOffsetReset: "latest" });
  assert.deepEqual(await consumer.poll({ timeoutMs: 0 }), []);
  await consumer.open();
  assert.deepEqual(await consumer.poll({ timeoutMs: 1 }), []);
  const stop = new AbortController();
  const aborted = consumer.poll({ timeoutMs: 3_600_000, signal: stop.signal });
  await assert.rejects(consumer.poll(), { message: /a poll is under way/ });
  stop.abort();
  assert.deepEqual(await aborted, []);
  const closed = consumer.poll({ timeoutMs: 3_600_000 });
  await consumer.close();
  assert.deepEqual(await closed, []);
  await assert.rejects(consumer.poll(), { name: "ClientClosedError" });
  await assert.rejects(consumer.commit(), { name: "ClientClosedError" });
});

onBothBuses("a consumer that was never used, or is closed while it opens, ends", async (bus) => {
  const { open } = await filled(bus, [1]);
  await open().close();
  const consumer = open({ groupId: bus.name("group") });
  const opening = consumer.open().catch((error) => error);
  await consumer.close();
  const error = await opening;
  assert.ok(error === undefined || error.name === "ClientClosedError", String(error));
});

Deno.test("a broker that is not there is an error of poll()", async () => {
  await using consumer = new ConsumerClient({ config: { topics: ["t"], bootstrapServers: "127.0.0.1:1" } });
  await assert.rejects(consumer.poll({ timeoutMs: 60_000 }), { name: "KafkaError", failure: "unreachable" });
});

/** A consumer over a bus in memory that fails on demand. */
async function inMemory(config: Partial<KafkaConsumerConfig> = {}) {
  const bus = new MemoryBus();
  bus.append("t", ["0", "1", "2"]);
  const subscription = await bus.open({ group: "g", topics: ["t"], from: "earliest" });
  const consumer = new ConsumerClient({
    config: { topics: ["t"], groupId: "g", maxPollRecords: 1, pollTimeoutMs: 1, ...config },
    consumer: subscription,
  });
  return { bus, consumer };
}

Deno.test("commit() tells that a partition went to another member, once", async () => {
  const { bus, consumer } = await inMemory();
  await consumer.poll();
  bus.faults.commit.push(new FencedError("gone"));
  await assert.rejects(consumer.commit(), FencedError);
  await consumer.commit();
  assert.equal(bus.commits.length, 1);
});

Deno.test("a commit of enableAutoCommit that fails is told by the next poll, and made up for", async () => {
  const { bus, consumer } = await inMemory({ enableAutoCommit: true, extra: { autoCommitIntervalMs: 0 } });
  bus.faults.commit.push(new Error("no room"));
  assert.deepEqual((await consumer.poll()).map(({ value }) => value), [0]);
  assert.deepEqual((await consumer.poll()).map(({ value }) => value), [1]);
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(consumer.poll(), { message: "no room" });
  assert.deepEqual((await consumer.poll()).map(({ value }) => value), [2]);
  await consumer.close();
  assert.equal(bus.committed.get("g/t"), 2);
});

theBrokerEnds();
