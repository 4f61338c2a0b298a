import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { OutgoingRecord, Position, TopicSpec } from "../../../../lib/bus/contract.ts";
import { KafkaError } from "../../../../lib/bus/kafka/error.ts";
import { ReplicationError } from "../../../../lib/bus/kafka/replication_error.ts";
import { partitionOfKey } from "../../../../lib/bus/murmur2.ts";
import { outboxStatus } from "../../../../lib/bus/relay/status.ts";
import { SendError } from "../../../../lib/bus/send_error.ts";
import { StoreError } from "../../../../lib/store/error.ts";
import { FakeTarget } from "./fake_target.ts";
import { keyed, RelayBench } from "./bench.ts";

const SPEC: TopicSpec = { name: "events", partitions: 3, replication: 1 };
const TOPICS = [{ local: "events", spec: SPEC }];
const outage = () => new KafkaError("unreachable", "Cannot send: no broker answers", true);
const soon = () => AbortSignal.timeout(60_000);

Deno.test("Relay sends every record once, in order per key, with key, headers and time as they were", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  const target = new FakeTarget();
  const headers = [["id", new Uint8Array([1])]] as const;
  await log.send(
    keyed("events", 2_500, 7).map((record) => ({ ...record, headers, timestamp: 1_700_000_000_123 })),
  );
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());

  assert.equal(target.stored.length, 2_500);
  assertOrderPerKey(target.stored);
  const [first] = target.stored;
  assert.equal(first?.timestamp, 1_700_000_000_123);
  assert.deepEqual(first?.headers?.map(([name, value]) => [name, [...value]]), [["id", [1]]]);
  assert.ok(
    target.stored.every(({ key, partition }) => partition === partitionOfKey(key ?? new Uint8Array(), 3)),
  );
  assert.equal(bench.counts.of("capstan_relay_records_total"), 2_500);
  assert.equal(bench.counts.of("capstan_relay_oldest_seconds"), 0);
});

Deno.test("Relay sends a topic under its other name and leaves topics it was not given alone", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  await log.topics.apply([{ name: "private", partitions: 1 }]);
  const target = new FakeTarget();
  await log.send([...keyed("events", 3, 1), ...keyed("private", 3, 1)]);
  const relay = bench.relay(log, target, [{ local: "events", spec: { ...SPEC, name: "team.events" } }]);
  relay.start();
  await relay.drain(soon());
  assert.deepEqual(target.stored.map(({ topic }) => topic), ["team.events", "team.events", "team.events"]);
  assert.deepEqual(target.applied.map(({ name }) => name), ["team.events"]);
});

Deno.test("Relay keeps a key's records in one partition and in order where the target has other partitions", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  const target = new FakeTarget();
  target.existing.set("events", 5);
  await log.send(keyed("events", 300, 11));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());
  assertOrderPerKey(target.stored);
  assert.ok(
    target.stored.every(({ key, partition }) => partition === partitionOfKey(key ?? new Uint8Array(), 5)),
  );
});

Deno.test("Relay waits an outage out with growing waits, says so once, and sends nothing twice", async () => {
  await using bench = new RelayBench();
  const log = await bench.log({ ...SPEC, partitions: 1 });
  const target = new FakeTarget();
  target.existing.set("events", 1);
  for (let i = 0; i < 5; i++) target.script.push(() => Promise.reject(outage()));
  await log.send(keyed("events", 10, 1));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());
  assert.equal(target.stored.length, 10);
  assert.deepEqual(bench.waited, [150, 300, 600, 1_200, 2_400]);
  assert.equal(bench.counts.of("capstan_relay_retries_total"), 5);
  assert.deepEqual(bench.said, [
    "Events wait in the local log until Kafka takes them: Cannot send: no broker answers",
    "Kafka takes events again",
  ]);
});

Deno.test("Relay sends a partition's next batch only when the one before it is acknowledged", async () => {
  await using bench = new RelayBench();
  const spec = { ...SPEC, partitions: 1 };
  const log = await bench.log(spec);
  const target = new FakeTarget();
  for (let i = 0; i < 3; i++) target.script.push(() => Promise.reject(outage()));
  await log.send(keyed("events", 40, 1));
  const relay = bench.relay(log, target, [{ local: "events", spec }], { batch: { maxRecords: 10 } });
  relay.start();
  await relay.drain(soon());
  assert.deepEqual(target.values(), Array.from({ length: 40 }, (_, i) => `${i}`));
});

Deno.test("Relay says again when the trouble is another", async () => {
  await using bench = new RelayBench();
  const log = await bench.log({ ...SPEC, partitions: 1 });
  const target = new FakeTarget();
  target.existing.set("events", 1);
  const refused = new KafkaError("authentication", "Cannot send: wrong password", false);
  for (const error of [outage(), outage(), refused, refused]) target.script.push(() => Promise.reject(error));
  await log.send(keyed("events", 1, 1));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());
  assert.equal(bench.said.length, 3);
  assert.match(bench.said[1] ?? "", /wrong password/);
});

Deno.test("Relay sends only what was not acknowledged again", async () => {
  await using bench = new RelayBench();
  const log = await bench.log({ ...SPEC, partitions: 1 });
  const target = new FakeTarget();
  target.script.push(async (records) => {
    const positions = await target.store(records.slice(0, 4));
    const acknowledged = records.map((_, i) => positions[i]);
    throw new SendError("Cannot send: cut off", acknowledged, [outage()]);
  });
  await log.send(keyed("events", 10, 1));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());
  assert.deepEqual(target.values(), Array.from({ length: 10 }, (_, i) => `${i}`));
});

Deno.test("Relay sets aside what the topic refuses, with the reason, and sends all others", async () => {
  await using bench = new RelayBench();
  const log = await bench.log({ ...SPEC, partitions: 1 });
  const target = new FakeTarget();
  const bad = new Set(["3", "64", "65"]);
  const text = ({ value }: OutgoingRecord) => new TextDecoder().decode(value ?? undefined);
  target.always = (records) =>
    records.some((record) => bad.has(text(record)))
      ? Promise.reject(new KafkaError("refused", "Cannot send: the topic refused it (INVALID_RECORD)", false))
      : target.store(records);
  await log.send(keyed("events", 100, 1));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());
  assert.deepEqual(
    target.values(),
    Array.from({ length: 100 }, (_, i) => `${i}`).filter((each) => !bad.has(each)),
  );
  const rows = log.store.read((db) => db.all("SELECT topic, partition, offset, reason FROM relay_refused"));
  assert.deepEqual(rows.map(({ offset }) => offset), [3, 64, 65]);
  assert.match(String(rows[0]?.reason), /INVALID_RECORD/);
  assert.equal(relay.status().outbox?.refused, 3);
  assert.equal(bench.counts.of("capstan_relay_refused_total"), 3);
  assert.equal(bench.counts.of("capstan_relay_records_total"), 97);
});

Deno.test("Relay leaves out the content of a record over its topic's limit; the log keeps it whole", async () => {
  await using bench = new RelayBench();
  const spec = { ...SPEC, partitions: 1, maxRecordBytes: 1_000 };
  const log = await bench.log(spec);
  const target = new FakeTarget();
  const content = [{ type: "text", text: "x".repeat(5_000) }];
  const event = {
    schema: "node.v1",
    node: { hash: "a".repeat(64), parent_hash: null, bucket: { role: "user", content } },
  };
  const encoder = new TextEncoder();
  const key = encoder.encode("root");
  await log.send([
    { topic: "events", key, value: encoder.encode(JSON.stringify(event)) },
    { topic: "events", key, value: new Uint8Array(2_000) },
  ]);
  const relay = bench.relay(log, target, [{ local: "events", spec }]);
  relay.start();
  await relay.drain(soon());

  const bytes = encoder.encode(JSON.stringify(content));
  const leftOut = { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length };
  const [shrunk, whole] = target.values().map((value) => JSON.parse(value));
  assert.deepEqual(shrunk, { ...event, node: { ...event.node, bucket: { role: "user", content: leftOut } } });
  assert.deepEqual(whole, {
    sha256: createHash("sha256").update(new Uint8Array(2_000)).digest("hex"),
    bytes: 2_000,
  });
  assert.deepEqual(target.stored.map(({ key }) => new TextDecoder().decode(key ?? undefined)), [
    "root",
    "root",
  ]);
  const kept = log.store.read((db) =>
    log.readFrom(db, { topic: "events", partition: 0, offset: 0 }, 10, 1e6)
  );
  assert.deepEqual(kept.map(({ value }) => value?.length), [JSON.stringify(event).length, 2_000]);
  assert.equal(bench.counts.of("capstan_relay_oversize_total"), 2);
});

Deno.test("Relay has at most one batch under way, and moves an offset only when its records are acknowledged", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  const target = new FakeTarget();
  const gates: (() => void)[] = [];
  target.always = async (records) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return target.store(records);
  };
  await log.send(keyed("events", 900, 50));
  const relay = bench.relay(log, target, TOPICS, { batch: { maxRecords: 100 } });
  relay.start();
  await bench.eventually(
    log,
    "the batch is under way",
    () => target.underWay.records === 100 || gates.length === 3,
  );
  assert.equal(relay.status().outbox?.lag, 900);
  await bench.eventually(log, "all is sent", () => {
    for (const open of gates.splice(0)) open();
    return relay.status().outbox?.lag === 0;
  });
  assert.ok(target.underWay.most <= 100, `${target.underWay.most} records were under way`);
  assert.equal(target.stored.length, 900);
});

Deno.test("Relay that dies is followed by one that sends at most its last batch again", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  await log.send(keyed("events", 1_000, 50));
  const target = new FakeTarget();
  let sends = 0;
  // The records arrive, and the process ends before it learns of it.
  target.always = async (records, signal) => {
    const positions = await target.store(records);
    if (++sends > 6) {
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    }
    return positions;
  };
  const doomed = bench.relay(log, target, TOPICS, { batch: { maxRecords: 60 } });
  doomed.start();
  await bench.eventually(log, "it hangs", () => sends > 6 && target.underWay.now > 0);
  await doomed.close();
  target.always = (records) => target.store(records);
  const next = bench.relay(log, target, TOPICS);
  next.start();
  await next.drain(soon());

  const counts = Map.groupBy(target.values(), (value) => value);
  assert.equal(counts.size, 1_000);
  const doubled = target.stored.length - counts.size;
  assert.ok(doubled > 0 && doubled <= 60, `${doubled} doubled`);
});

Deno.test("two relays on one file: one sends; when it ends the other takes over", async () => {
  await using bench = new RelayBench();
  const [first, second] = [await bench.log(SPEC), await bench.log(SPEC)];
  const targets = [new FakeTarget(), new FakeTarget()] as const;
  const relays = [
    bench.relay(first, targets[0], TOPICS, { holder: "one" }),
    bench.relay(second, targets[1], TOPICS, { holder: "two" }),
  ] as const;
  relays[0].start();
  await bench.eventually(first, "the first relays", () => relays[0].status().state === "relaying");
  relays[1].start();
  await first.send(keyed("events", 500, 20));
  await relays[1].drain(soon());
  assert.deepEqual(targets.map(({ stored }) => stored.length), [500, 0]);
  assert.equal(relays[1].status().outbox?.holder?.name, "one");
  assert.equal(relays[1].status().state, "waiting for the lease");

  await relays[0].close();
  await first.send(keyed("events", 100, 20));
  await relays[1].drain(soon());
  assert.deepEqual(targets.map(({ stored }) => stored.length), [500, 100]);
  assert.equal(relays[1].status().outbox?.holder?.name, "two");
});

Deno.test("a relay whose lease was taken commits nothing more", async () => {
  await using bench = new RelayBench();
  const log = await bench.log({ ...SPEC, partitions: 1 });
  const target = new FakeTarget();
  const gate = Promise.withResolvers<void>();
  target.script.push(async (records) => {
    await gate.promise;
    return target.store(records);
  });
  await log.send(keyed("events", 5, 1));
  // It never renews, as a process that is stopped for a while.
  const lease = { leaseMs: 3_600_000, renewMs: 3_600_000, lookMs: 2 };
  const stale = bench.relay(log, target, TOPICS, { lease, retry: { baseMs: 3_600_000, maxMs: 3_600_000 } });
  stale.start();
  await bench.eventually(log, "the batch is under way", () => target.underWay.now === 1);
  await log.store.write((tx) => tx.run("UPDATE relay_lease SET holder = 'other', epoch = epoch + 1"));
  gate.resolve();
  await bench.eventually(log, "it noticed", () => stale.status().state === "waiting for the lease");
  assert.equal(stale.status().outbox?.partitions[0]?.committed ?? null, null);
});

Deno.test("Relay does not send again what is acknowledged because the file is locked for a while", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  const target = new FakeTarget();
  const open = log.open.bind(log);
  let refused = 0;
  log.open = async (options) => {
    const subscription = await open(options);
    const commit = subscription.commit.bind(subscription);
    subscription.commit = (what) =>
      refused++ < 2 ? Promise.reject(new StoreError("locked", "Cannot write: locked; wait")) : commit(what);
    return subscription;
  };
  await log.send(keyed("events", 50, 7));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await relay.drain(soon());
  assert.equal(target.stored.length, 50);
  assert.ok(bench.said.some((each) => /Cannot move the relay's offset.*locked/.test(each)));
});

Deno.test("Relay creates a missing topic with as many copies as there are brokers, and says so", async () => {
  await using bench = new RelayBench();
  const spec = { ...SPEC, replication: 3 };
  const log = await bench.log(spec);
  const target = new FakeTarget();
  const apply = target.topics.apply;
  target.topics.apply = (specs) =>
    specs.some(({ replication = 1 }) => replication > 2)
      ? Promise.reject(new ReplicationError("events", 3, 2))
      : apply(specs);
  await log.send(keyed("events", 3, 1));
  const relay = bench.relay(log, target, [{ local: "events", spec }]);
  relay.start();
  await relay.drain(soon());
  assert.deepEqual(target.applied, [{ ...spec, replication: 2 }]);
  assert.match(
    bench.said.join("\n"),
    /Made topic events, with 2 copies, fewer than asked for: the cluster has 2 brokers\./,
  );
});

Deno.test("Relay starts without a cluster, and one topic's trouble does not stop another", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  const other = { name: "others", partitions: 1, replication: 1 };
  await log.topics.apply([other]);
  const target = new FakeTarget();
  target.topicFaults.push(outage());
  target.always = (records) =>
    records[0]?.topic === "events"
      ? Promise.reject(new KafkaError("authorization", "Cannot send: not allowed", false))
      : target.store(records);
  await log.send([...keyed("events", 5, 1), ...keyed("others", 5, 1)]);
  const relay = bench.relay(log, target, [...TOPICS, { local: "others", spec: other }]);
  relay.start();
  await bench.eventually(log, "the other topic is sent", () => target.stored.length === 5);
  await bench.eventually(log, "its offset has moved", () => relay.status().outbox?.lag === 5);
  await bench.eventually(log, "the trouble is known", () => /not allowed/.test(relay.status().trouble ?? ""));
  await bench.eventually(
    log,
    "the file says so too",
    () => /not allowed/.test(log.store.read((db) => outboxStatus(db))?.trouble?.reason ?? ""),
  );
});

Deno.test("drain() rejects when its time is over, close() is safe twice and unstarted", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  const target = new FakeTarget();
  target.always = (_, signal) =>
    new Promise<Position[]>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  await log.send(keyed("events", 5, 1));
  const relay = bench.relay(log, target, TOPICS);
  relay.start();
  await bench.eventually(log, "the batch is under way", () => target.underWay.now > 0);
  await assert.rejects(relay.drain(AbortSignal.abort(new Error("time is over"))), /time is over/);
  await relay.close();
  await relay.close();
  const unstarted = bench.relay(log, target, TOPICS);
  await unstarted.close();
});

Deno.test("outboxStatus() of a file that never relayed is undefined", async () => {
  await using bench = new RelayBench();
  const log = await bench.log(SPEC);
  assert.equal(log.store.read((db) => outboxStatus(db)), undefined);
});

function assertOrderPerKey(records: readonly OutgoingRecord[]): void {
  const decoder = new TextDecoder();
  const byKey = Map.groupBy(records, ({ key }) => decoder.decode(key ?? undefined));
  for (const [key, list] of byKey) {
    const values = list.map(({ value }) => Number(decoder.decode(value ?? undefined)));
    assert.deepEqual(values, values.toSorted((a, b) => a - b), key);
  }
}
