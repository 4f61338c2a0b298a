import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { BusRecord } from "../../../../lib/bus/contract.ts";
import { KafkaClients } from "../../../../lib/bus/kafka/clients.ts";
import { KafkaBus, type KafkaDriverOptions } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { KafkaError } from "../../../../lib/bus/kafka/error.ts";
import type { KafkaSettings } from "../../../../lib/bus/kafka/settings.ts";
import { TransactionalProducer } from "../../../../lib/bus/kafka/transactional_producer.ts";
import { SendError } from "../../../../lib/bus/send_error.ts";
import { BusBench, bytes, texts, uniqueName } from "../../../../lib/testing/bus_case.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";

const broker = withoutKafka ? undefined : await sharedBroker();
const plain: KafkaSettings = { bootstrapServers: [broker?.bootstrap ?? ""] };
const scram: KafkaSettings = {
  bootstrapServers: [broker?.scramBootstrap ?? ""],
  securityProtocol: "SASL_PLAINTEXT",
  saslMechanism: "SCRAM-SHA-256",
  saslUsername: broker?.user,
  saslPassword: broker?.password,
};

test("send() over SCRAM-SHA-256 and PLAIN reaches the topic", async () => {
  for (const saslMechanism of ["SCRAM-SHA-256", "PLAIN"] as const) {
    await using bus = open({ ...scram, saslMechanism });
    const topic = await new BusBench(bus, 60_000).topic();
    const [position] = await bus.send([{ topic, value: bytes("x") }]);
    assert.deepEqual(position, { topic, partition: 0, offset: 0 });
  }
});

test("what a producer committed between transactions it aborted is read, one that was empty among them", async () => {
  await using bus = open(plain);
  const topic = await new BusBench(bus, 60_000).topic();
  const clients = new KafkaClients(plain);
  const producer = new TransactionalProducer(clients, uniqueName("transactions"));
  try {
    const steps = ["abort", "commit", "abort", "commit", "commit", "empty", "commit"] as const;
    for (const [at, step] of steps.entries()) {
      const transaction = await producer.begin();
      const message = { topic, partition: 0, value: Buffer.from(`${step} ${at}`) };
      // As one that was fenced before it sent anything.
      if (step === "empty") {
        await transaction.addPartitions(await clients.metadata("add", [topic]), [message]);
      } else await transaction.send({ messages: [message], idempotent: true, acks: -1 });
      await (step === "commit" ? transaction.commit() : transaction.abort());
    }
    await using reader = await bus.open({ group: null, topics: [topic], from: "earliest" });
    const records = await new BusBench(bus, 60_000).receive(reader, 4);
    assert.deepEqual(texts(records), ["commit 1", "commit 3", "commit 4", "commit 6"]);
    assert.equal(await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 50 }), null);
  } finally {
    await producer.close();
    await clients.close();
  }
});

test("a wrong password rejects every call as an authentication failure that is not to be retried", async () => {
  await using bus = open({ ...scram, saslPassword: "wrong" });
  const calls = [
    () => bus.ping(),
    () => bus.send([{ topic: "any", value: bytes("x") }]),
    () => bus.open({ group: "any", topics: ["any"], from: "earliest" }),
    () => bus.topics.describe(),
    () => bus.lag("any"),
  ];
  for (const call of calls) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof KafkaError);
      assert.equal(error.failure, "authentication");
      assert.match(error.message, /sasl_password/);
      assert.equal(bus.isRetryable(error), false);
      return true;
    });
  }
});

test("TLS to a listener without it rejects as a security failure, or as unreachable", async () => {
  await using bus = open({ ...plain, securityProtocol: "SSL" });
  await assert.rejects(
    bus.ping(),
    (error) => error instanceof KafkaError && !error.message.includes("password"),
  );
});

test("nothing listening rejects as unreachable, to be retried", async () => {
  await using bus = open({ bootstrapServers: ["127.0.0.1:1"] });
  for (const call of [() => bus.ping(), () => bus.send([{ topic: "any", value: null }])]) {
    await assert.rejects(call, (error) => error instanceof KafkaError && error.failure === "unreachable");
    await assert.rejects(call, (error) => bus.isRetryable(error));
  }
});

test("a record over the topic's limit rejects as too large, and the others of the call are there", async () => {
  await using bus = open(plain);
  const topic = await new BusBench(bus, 60_000).topic({ settings: { "max.message.bytes": "20000" } });
  const records = Array.from(
    { length: 100 },
    (_, i) => ({ topic, value: new Uint8Array(i === 50 ? 30_000 : 1_000) }),
  );
  await assert.rejects(bus.send(records), (error) => {
    assert.ok(error instanceof SendError);
    assert.ok(error.causes.every((cause) => cause instanceof KafkaError && cause.failure === "too-large"));
    // In order: those in front of it.
    assert.deepEqual(error.acknowledged.slice(0, 40).map((position) => position?.offset), numbers(40));
    assert.ok(error.acknowledged.slice(50).every((position) => position === undefined));
    return true;
  });
  assert.equal((await bus.send([{ topic, value: bytes("x") }])).length, 1);
});

test("one caller's refused record does not fail the batch of another", async () => {
  await using bus = open(plain);
  const topic = await new BusBench(bus, 60_000).topic({ settings: { "cleanup.policy": "compact" } });
  const key = bytes("k");
  const good = () => bus.send([{ topic, key, value: bytes("good") }]);
  // A compacted topic takes no record without a key.
  const results = await Promise.allSettled([good(), bus.send([{ topic, value: bytes("bad") }]), good()]);
  assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const [, refused] = results;
  assert.ok(refused?.status === "rejected" && refused.reason instanceof SendError);
  assert.equal(bus.isRetryable(refused.reason), false);
});

test("send() of more than one batch keeps the order and gives every position", async () => {
  await using bus = open(plain, { maxBatchBytes: 10_000, maxBatchRecords: 30 });
  const bench = new BusBench(bus, 60_000);
  const topic = await bench.topic();
  const sends = Array.from(
    { length: 5 },
    (_, call) =>
      bus.send(
        Array.from(
          { length: 100 },
          (_, i) => ({ topic, value: bytes(`${call * 100 + i} ${"x".repeat(200)}`) }),
        ),
      ),
  );
  const positions = (await Promise.all(sends)).flat();
  assert.deepEqual(positions.map(({ offset }) => offset), numbers(500));
  await using reader = await bench.open({ group: null, topics: [topic] });
  assert.deepEqual(valuesOf(await bench.receive(reader, 500)), numbers(500));
});

test("sends wait while as many bytes as allowed are not acknowledged", async () => {
  await using bus = open(plain, { maxPendingBytes: 100_000 });
  const topic = await new BusBench(bus, 60_000).topic({ partitions: 3 });
  let most = 0;
  await Promise.all(Array.from({ length: 60 }, async () => {
    await bus.send([{ topic, value: new Uint8Array(20_000) }]);
    most = Math.max(most, bus.pendingBytes);
  }));
  assert.ok(most > 0 && most <= 100_000, `${most} bytes were pending`);
  assert.equal(bus.pendingBytes, 0);
});

test("close() rejects what is being sent, and calls after it", async () => {
  const bus = open(plain);
  const topic = await new BusBench(bus, 60_000).topic();
  const sending = bus.send(Array.from({ length: 50 }, () => ({ topic, value: new Uint8Array(100_000) })));
  const outcome = assert.rejects(sending);
  await bus.close();
  await outcome;
  await assert.rejects(bus.send([{ topic, value: null }]), /closed/);
  await assert.rejects(bus.ping(), /closed/);
});

test("an aborted send rejects with its reason", async () => {
  await using bus = open(plain);
  const topic = await new BusBench(bus, 60_000).topic();
  const signal = AbortSignal.abort(new Error("no longer wanted"));
  await assert.rejects(bus.send([{ topic, value: null }], { signal }), /no longer wanted/);
});

test("records of an aborted transaction are not received, and a group that read all has no lag", async () => {
  await using bus = open(plain);
  const bench = new BusBench(bus, 60_000);
  const [input, output] = [await bench.topic(), await bench.topic()];
  await bench.sendTexts(input, ["a", "b", "c"]);
  const group = uniqueName("group");
  await using member = await bench.open({ group, topics: [input] });
  const records = await bench.receive(member, 3);
  for (const [i, through] of records.entries()) {
    // The second transaction has an output Kafka refuses: it is aborted after the first of its batches.
    const outputs = [{ topic: output, partition: 0, value: bytes(`${i}`) }];
    if (i === 1) {
      const tooLarge = { topic: output, partition: 0, value: new Uint8Array(1_200_000) };
      await assert.rejects(member.commit({ through, outputs: [...outputs, tooLarge] }));
    } else await member.commit({ through, outputs });
  }
  const outputs = uniqueName("outputs");
  await using reader = await bench.open({ group: outputs, topics: [output] });
  const read = await bench.receive(reader, 2);
  assert.deepEqual(valuesOf(read), [0, 2]);
  await reader.commit({ through: read[1] ?? assert.fail() });
  await bench.eventually("there is no lag", async () => {
    await reader.receive({ max: 1, maxBytes: 1, waitMs: 10 });
    return (await bus.lag(outputs)).every(({ lag }) => lag === 0);
  });
  assert.equal((await bus.lag(group))[0]?.lag, 0);
});

test("commit() of a partition that went to another member rejects as fenced", async () => {
  await using bus = open(plain);
  const bench = new BusBench(bus, 60_000);
  const topic = await bench.topic({ partitions: 2 });
  const group = uniqueName("group");
  await using first = await bench.open({ group, topics: [topic] });
  await bench.assigned([first], 2);
  await bus.send([0, 1].map((partition) => ({ topic, partition, value: bytes("x") })));
  const records = await bench.receive(first, 2);
  await using second = await bench.open({ group, topics: [topic] });
  await bench.arrived([first, second], 2);
  const mine = first.assigned()[0]?.partition;
  for (const record of records) {
    if (record.partition === mine) await first.commit({ through: record });
    else await assert.rejects(first.commit({ through: record }), { name: "FencedError" });
  }
});

test("topics.apply() with more copies than brokers rejects and says what to do; plan() calls it impossible", async () => {
  await using bus = open(plain);
  const spec = { name: uniqueName("topic"), partitions: 1, replication: 3 };
  assert.deepEqual((await bus.topics.plan([spec])).map(({ kind }) => kind), ["impossible"]);
  await assert.rejects(
    bus.topics.apply([spec]),
    /3 copies, and the cluster has 1 broker; lower its replication/,
  );
  assert.deepEqual(await bus.topics.describe([spec.name]), []);
});

test("topics.apply() changes one setting and leaves the others", async () => {
  await using bus = open(plain);
  const bench = new BusBench(bus, 60_000);
  const settings = { "cleanup.policy": "compact", "min.compaction.lag.ms": "1000" };
  const name = await bench.topic({ settings });
  const spec = { name, partitions: 1, retentionMs: Infinity };
  const changes = await bus.topics.apply([spec]);
  assert.deepEqual(changes.map(({ kind, detail }) => [kind, detail]), [[
    "change-setting",
    "retention.ms: 604800000 (7 days) → -1 (for ever)",
  ]]);
  await bench.eventually(
    "it is described",
    async () => (await bus.topics.describe([name]))[0]?.settings["retention.ms"] === "-1",
  );
  const described = (await bus.topics.describe([name]))[0]?.settings;
  assert.deepEqual({ ...described, ...settings }, described);
});

test("the broker of these tests ends", async () => await broker?.[Symbol.asyncDispose](), false);

function test(name: string, fn: () => Promise<void>, sanitize = true): void {
  Deno.test({
    name: `kafka: ${name}`,
    ignore: withoutKafka,
    sanitizeOps: sanitize,
    sanitizeResources: sanitize,
    fn,
  });
}

function open(settings: KafkaSettings, options: Partial<KafkaDriverOptions> = {}): KafkaBus {
  return new KafkaBus(settings, { log: silent, memberTimes: { heartbeatMs: 100 }, ...options });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function valuesOf(records: readonly BusRecord[]): number[] {
  return records.map(({ value }) => Number.parseInt(new TextDecoder().decode(value ?? undefined)));
}
