import assert from "node:assert/strict";
import { Connection, listTransactionsV1 } from "@platformatic/kafka";
import { systemClock } from "../../../../lib/bus/clock.ts";
import { KafkaClients } from "../../../../lib/bus/kafka/clients.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { TransactionalProducer } from "../../../../lib/bus/kafka/transactional_producer.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { awaitedLater } from "../../../awaited_later.ts";
import { Exposition } from "../../plugin/exposition.ts";

const PARTITIONS = 3;
const RECORDS = 3_000;
/** Commits after which a twin comes. */
const FENCED_AT = [5, 15, 25];
const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);

/** The cluster's ids of transactional producers that begin so. */
async function transactionalIds(bootstrap: string, prefix: string): Promise<string[]> {
  const [host = "", port] = bootstrap.split(":");
  const connection = new Connection("twin");
  await connection.connect(host, Number(port));
  try {
    const { transactionStates } = await listTransactionsV1.api.async(connection, [], [], -1n, null);
    return transactionStates.map(({ transactionalId }) => transactionalId).filter((id) =>
      id.startsWith(prefix)
    );
  } finally {
    await connection.close();
  }
}

Deno.test({
  name: "kafka: an agent that a twin fences by its transactional id recovers, each output once and in order",
  ignore: withoutKafka,
  async fn() {
    await using broker = await sharedBroker();
    const settings = { bootstrapServers: [broker.bootstrap] };
    const lines: string[] = [];
    const log = createLogger({ sink: (line) => lines.push(line), level: "debug" });
    await using bus = new KafkaBus(settings, { log });
    const [input, output, group] = ["in", "out", "g"].map((name) => `${name}-${crypto.randomUUID()}`) as [
      string,
      string,
      string,
    ];
    await bus.topics.apply([input, output].map((name) => ({ name, partitions: PARTITIONS, replication: 1 })));
    await bus.send(Array.from({ length: RECORDS }, (_, at) => ({
      topic: input,
      partition: at % PARTITIONS,
      value: new TextEncoder().encode(String(at)),
    })));
    const clients = new KafkaClients(settings);
    const ids = new Set<string>();
    const fence = async () => {
      for (const id of await transactionalIds(broker.bootstrap, `capstan-${group}-`)) {
        ids.add(id);
        const twin = new TransactionalProducer(clients, id);
        await twin.begin();
        await twin.close();
      }
    };
    let commits = 0;
    const fencing: Promise<void>[] = [];
    const meter = createMeter();
    const stream = new Stream({
      spec: {
        ...{ name: "t/g", group, topics: [input], from: "earliest", attempts: 3 },
        ...{ maxRecords: 25, maxBytes: 1_000_000, lingerMs: 0 },
      },
      driver: bus,
      handler: async ({ records, partition }) => {
        // However long a twin takes, there is something to commit when it has come.
        await fencing.at(-1)?.catch(() => undefined);
        return records.map(({ value }) => ({ topic: output, value, partition }));
      },
      realName: (topic) => topic,
      logicalName: (topic) => topic,
      log,
      meter,
      clock: systemClock,
      random: Math.random,
      onCommit: () => {
        if (FENCED_AT.includes(++commits)) fencing.push(awaitedLater(fence()));
      },
    });
    await using _stopped = { [Symbol.asyncDispose]: () => stream.stop(AbortSignal.abort()) };
    stream.start();
    await stream.caughtUp();
    await Promise.all(fencing);
    assert.equal(stream.health().status, "ok");
    await stream.stop();
    await clients.close();

    assert.equal(fencing.length, FENCED_AT.length);
    assert.equal(ids.size, 1, "one producer for the stream, and the same id after each fence");
    const found = new Exposition(await meter.text());
    assert.ok((found.of("capstan_stream_commit_failures_total", { stream: "t/g" }) ?? 0) > 0);
    assert.ok(lines.some((line) => /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/.test(line)), "it was fenced");
    await using reader = await bus.open({ group: null, topics: [output], from: "earliest" });
    const read: number[][] = Array.from({ length: PARTITIONS }, () => []);
    const ends = (await bus.topics.describe([output]))[0]?.partitions ?? [];
    const open = () =>
      ends.some(({ partition, endOffset }) =>
        (reader.position({ topic: output, partition }) ?? 0) < endOffset
      );
    while (open()) {
      const batch = await reader.receive({ max: 1_000, maxBytes: 1_000_000, waitMs: 200 });
      for (const { partition, value } of batch?.records ?? []) read[partition]?.push(Number(text(value)));
    }
    for (const [partition, values] of read.entries()) {
      const wanted = Array.from({ length: RECORDS / PARTITIONS }, (_, at) => at * PARTITIONS + partition);
      assert.deepEqual(values, wanted, `partition ${partition}: nothing lost, doubled or out of order`);
    }
  },
});
