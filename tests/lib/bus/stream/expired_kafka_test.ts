import assert from "node:assert/strict";
import { systemClock } from "../../../../lib/bus/clock.ts";
import { KafkaClients } from "../../../../lib/bus/kafka/clients.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { BusBench } from "../../../../lib/testing/bus_case.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { awaitedLater } from "../../../awaited_later.ts";
import { Exposition } from "../../plugin/exposition.ts";

const PARTITIONS = 3;
const RECORDS = 1_500;
/** Commits after which the coordinator drops the member, as it does when a session has expired. */
const DROPPED_AT = [5, 15, 25];
const bytes = (text: string) => new TextEncoder().encode(text);

for (const delivery of ["exactly-once", "at-least-once"] as const) {
  Deno.test({
    name: `kafka: a member whose session the coordinator has ended joins again by itself, ${delivery}`,
    ignore: withoutKafka,
    fn: () => dropped(delivery),
  });
}

async function dropped(delivery: StreamSpec["delivery"]): Promise<void> {
  await using broker = await sharedBroker();
  const settings = { bootstrapServers: [broker.bootstrap] };
  const log = createLogger({ sink: () => undefined });
  await using bus = new KafkaBus(settings, { log, memberTimes: { heartbeatMs: 100, sessionMs: 6_000 } });
  const id = crypto.randomUUID();
  const [input, output, group] = [`in-${id}`, `out-${id}`, `g-${id}`];
  await bus.topics.apply([input, output].map((name) => ({ name, partitions: PARTITIONS, replication: 1 })));
  await bus.send(Array.from({ length: RECORDS }, (_, at) => ({
    topic: input,
    partition: at % PARTITIONS,
    value: bytes(String(at)),
  })));
  const clients = new KafkaClients(settings);
  const bench = new BusBench(bus, 60_000);
  const admin = await clients.admin();
  // Everybody in the group, which is this member. Refused while it joins under a new id just then, so until it is done.
  const drop = () =>
    bench.eventually("the member is dropped", async () => {
      try {
        await admin.removeMembersFromConsumerGroup({ groupId: group });
        return true;
      } catch {
        return false;
      }
    });
  const dropping: Promise<void>[] = [];
  let commits = 0;
  const meter = createMeter();
  const stream = new Stream({
    spec: {
      ...{ name: "t/g", group, topics: [input], from: "earliest", attempts: 3, delivery },
      ...{ maxRecords: 25, maxBytes: 1_000_000, lingerMs: 0 },
    },
    driver: bus,
    handler: ({ records, partition }) => records.map(({ value }) => ({ topic: output, value, partition })),
    realName: (topic) => topic,
    logicalName: (topic) => topic,
    log,
    meter,
    clock: systemClock,
    random: Math.random,
    onCommit: () => {
      if (DROPPED_AT.includes(++commits)) dropping.push(awaitedLater(drop()));
    },
  });
  await using _stopped = { [Symbol.asyncDispose]: () => stream.stop(AbortSignal.abort()) };
  stream.start();
  await stream.caughtUp();
  await Promise.all(dropping);
  assert.equal(dropping.length, DROPPED_AT.length);
  await bus.send([{ topic: input, partition: 0, value: bytes("last") }]);
  await stream.caughtUp();
  assert.equal(stream.health().status, "ok");
  await stream.stop();
  await clients.close();
  const rebalances = new Exposition(await meter.text()).of("capstan_stream_rebalances_total", {
    stream: "t/g",
  });
  assert.ok((rebalances ?? 0) > 1, "it was dropped and joined again");
  await using reader = await bus.open({ group: null, topics: [output], from: "earliest" });
  const ends = (await bus.topics.describe([output]))[0]?.partitions ?? [];
  const read: string[] = [];
  const open = () =>
    ends.some(({ partition, endOffset }) => (reader.position({ topic: output, partition }) ?? 0) < endOffset);
  await bench.eventually("everything is read", async () => {
    const batch = await reader.receive({ max: 1_000, maxBytes: 1_000_000, waitMs: 100 });
    for (const { value } of batch?.records ?? []) read.push(new TextDecoder().decode(value ?? undefined));
    return !open();
  });
  const wanted = [...Array.from({ length: RECORDS }, (_, at) => String(at)), "last"].sort();
  if (delivery === "exactly-once") assert.deepEqual(read.sort(), wanted);
  else assert.deepEqual([...new Set(read)].sort(), wanted, "nothing is lost");
}
