import assert from "node:assert/strict";
import { systemClock } from "../../../../lib/bus/clock.ts";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { awaitedLater } from "../../../awaited_later.ts";
import { BusBench } from "../../../../lib/testing/bus_case.ts";
import { startBroker } from "../../../kafka/broker.ts";
import { withoutKafka } from "../../../kafka/for_tests.ts";

const PARTITIONS = 3;
const RECORDS = 6_000;
const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);

Deno.test({
  name: "kafka: exactly once over a broker that is killed in the middle of transactions and comes back",
  ignore: withoutKafka,
  async fn() {
    await using broker = await startBroker();
    const log = createLogger({ level: "error" });
    await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, { log });
    await bus.topics.apply(["in", "out"].map((name) => ({ name, partitions: PARTITIONS })));
    await bus.send(
      Array.from({ length: RECORDS }, (_, at) => ({
        topic: "in",
        partition: at % PARTITIONS,
        value: new TextEncoder().encode(String(at)),
      })),
    );
    const clock = systemClock;
    let commits = 0;
    let killing: Promise<void> | undefined;
    const stream = new Stream({
      spec: {
        ...{ name: "t/g", group: "g", topics: ["in"], from: "earliest", attempts: 3 },
        ...{ maxRecords: 50, maxBytes: 1_000_000, lingerMs: 0 },
      },
      driver: bus,
      handler: ({ records, partition }) => records.map(({ value }) => ({ topic: "out", value, partition })),
      realName: (topic) => topic,
      logicalName: (topic) => topic,
      log,
      meter: createMeter(),
      clock,
      random: Math.random,
      onCommit: () => {
        if (++commits === 20) killing = awaitedLater(broker.kill().then(() => broker.restart()));
      },
    });
    await using _stopped = { [Symbol.asyncDispose]: () => stream.stop(AbortSignal.abort()) };
    stream.start();
    const bench = new BusBench(bus, 120_000);
    await bench.eventually("the broker is killed", () => Promise.resolve(killing !== undefined));
    await killing;
    // The cluster may refuse to tell the lag while it comes up.
    const late = AbortSignal.timeout(120_000);
    await bench.eventually("all is handled", () => stream.caughtUp(late).then(() => true, () => false));
    await stream.stop();
    await using reader = await bus.open({ group: null, topics: ["out"], from: "earliest" });
    const read: number[][] = Array.from({ length: PARTITIONS }, () => []);
    const [out] = await bus.topics.describe(["out"]);
    const open = () =>
      out?.partitions.some(({ partition, endOffset }) =>
        (reader.position({ topic: "out", partition }) ?? 0) < endOffset
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
