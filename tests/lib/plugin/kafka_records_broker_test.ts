import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { kafkaRecords } from "../../../lib/plugin/kafka_records.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";

Deno.test({
  name: "kafkaRecords() gives all that a topic on Kafka has, behind a transaction, too",
  ignore: withoutKafka,
  async fn() {
    await using broker = await sharedBroker();
    const cluster = { bootstrapServers: [broker.bootstrap] };
    const log = createLogger({ level: "error" });
    const name = `records-${crypto.randomUUID()}`;
    {
      await using bus = new KafkaBus(cluster, { log });
      await bus.topics.apply([{ name, partitions: 2, replication: 1 }]);
      await bus.send(Array.from({ length: 900 }, (_, at) => ({
        topic: name,
        partition: at % 2,
        value: Buffer.from(String(at)),
      })));
      // A commit of outputs leaves a control record at the end of its partition, which nobody is given.
      await using subscription = await bus.open({ group: `${name}-group`, topics: [name], from: "earliest" });
      const batch = await subscription.receive({ max: 1, maxBytes: 1 << 20, waitMs: 60_000 });
      const through = batch?.records.at(-1);
      assert.ok(through);
      await subscription.commit({
        through,
        outputs: [{ topic: name, partition: 1, value: Buffer.from("901") }],
      });
    }
    const found: number[] = [];
    const signal = new AbortController().signal;
    for await (
      const { topic, partition, value } of kafkaRecords(cluster, { topic: "t", name, log, signal })
    ) {
      const at = Number(Buffer.from(value ?? []).toString());
      assert.deepEqual([topic, partition], ["t", at % 2]);
      found.push(at);
    }
    const of = (partition: number) => found.filter((at) => at % 2 === partition);
    assert.deepEqual(of(0), Array.from({ length: 450 }, (_, at) => at * 2));
    assert.deepEqual(of(1), [...Array.from({ length: 450 }, (_, at) => at * 2 + 1), 901]);
  },
});
