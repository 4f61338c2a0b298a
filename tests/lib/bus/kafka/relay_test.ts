import assert from "node:assert/strict";
import { systemClock } from "../../../../lib/bus/clock.ts";
import type { BusRecord, TopicSpec } from "../../../../lib/bus/contract.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { kafkaRelay } from "../../../../lib/bus/kafka/relay.ts";
import type { LocalBus } from "../../../../lib/bus/local/local_bus.ts";
import type { Relay, RelayOptions } from "../../../../lib/bus/relay/relay.ts";
import { uniqueName } from "../../../../lib/testing/bus_case.ts";
import { startBroker } from "../../../kafka/broker.ts";
import { withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";
import { Counts, keyed, RelayBench } from "../relay/bench.ts";

const COUNT = 20_000;
const value = (i: number) => `${i}:${"x".repeat(600)}`;
const late = () => AbortSignal.timeout(120_000);
/** Records that are appended when the broker is gone. */
const LATER = 2_000;

Deno.test({
  name:
    "a broker killed in the middle of relaying 20,000 records: none missing, none double, order per key kept",
  ignore: withoutKafka,
  async fn() {
    await using bench = new RelayBench();
    await using broker = await startBroker();
    const spec: TopicSpec = { name: uniqueName("events"), partitions: 6, replication: 1 };
    const log = await bench.log(spec);
    await append(log, spec.name, 0, COUNT - LATER);
    await using relay = relayTo(broker.bootstrap, log, spec, { batch: { maxRecords: 500 } });
    relay.start();
    await bench.eventually(log, "some are relayed", () => sent(relay) > 1_000);
    await broker.kill();
    await append(log, spec.name, COUNT - LATER, COUNT);
    await broker.restart();
    await relay.drain(late());
    assertEach(await readAll(broker.bootstrap, spec.name, COUNT));
  },
});

Deno.test({
  name: "a relay that starts before its broker delivers everything once the broker is there",
  ignore: withoutKafka,
  async fn() {
    await using bench = new RelayBench();
    await using broker = await startBroker();
    await broker.kill();
    const spec: TopicSpec = { name: uniqueName("events"), partitions: 6, replication: 3 };
    const log = await bench.log(spec);
    await log.send(keyed(spec.name, 500, 20, value));
    await using relay = relayTo(broker.bootstrap, log, spec);
    relay.start();
    await bench.eventually(log, "it says why it waits", () => relay.status().trouble !== undefined);
    assert.match(relay.status().trouble ?? "", /no broker answers/);
    await broker.restart();
    await relay.drain(late());
    assertEach(await readAll(broker.bootstrap, spec.name, 500), 500);
    assert.equal(relay.status().trouble, undefined);
  },
});

async function append(log: LocalBus, topic: string, from: number, to: number): Promise<void> {
  const records = keyed(topic, COUNT, 199, value);
  for (let i = from; i < to; i += 1_000) await log.send(records.slice(i, i + 1_000));
}

function relayTo(bootstrap: string, log: LocalBus, spec: TopicSpec, rest: Partial<RelayOptions> = {}): Relay {
  return kafkaRelay({ bootstrapServers: [bootstrap] }, {
    store: log.store,
    log,
    topics: [{ local: spec.name, spec }],
    holder: "test",
    logger: silent,
    meter: new Counts(),
    clock: systemClock,
    random: Math.random,
    retry: { baseMs: 50, maxMs: 500 },
    ...rest,
  });
}

function sent(relay: Relay): number {
  return (relay.status().outbox?.partitions ?? []).reduce((sum, { committed }) => sum + (committed ?? 0), 0);
}

/** Everything in the topic. */
async function readAll(bootstrap: string, topic: string, atLeast: number): Promise<BusRecord[]> {
  await using bus = new KafkaBus({ bootstrapServers: [bootstrap] }, { log: silent });
  const [description] = await bus.topics.describe([topic]);
  const end = description?.partitions.reduce((sum, { endOffset }) => sum + endOffset, 0) ?? 0;
  assert.ok(end >= atLeast, `the topic has ${end} records`);
  await using reader = await bus.open({ group: null, topics: [topic], from: "earliest" });
  const records: BusRecord[] = [];
  while (records.length < end) {
    const batch = await reader.receive({ max: 5_000, maxBytes: 10_000_000, waitMs: 60_000 });
    if (batch === null) break;
    records.push(...batch.records);
  }
  return records;
}

function assertEach(records: readonly BusRecord[], count = COUNT): void {
  const decoder = new TextDecoder();
  const numbers = records.map(({ value }) => Number.parseInt(decoder.decode(value ?? undefined)));
  assert.equal(new Set(numbers).size, count, "records are missing");
  assert.equal(numbers.length, count, "records are doubled");
  const last = new Map<string, number>();
  records.forEach(({ key }, i) => {
    const name = decoder.decode(key ?? undefined);
    const number = numbers[i] ?? -1;
    assert.ok((last.get(name) ?? -1) < number, `${name} is out of order`);
    last.set(name, number);
  });
}
