import assert from "node:assert/strict";
import { KafkaBus } from "../../../../lib/bus/kafka/kafka_bus.ts";
import {
  type BytesTransaction,
  TransactionalProducer,
} from "../../../../lib/bus/kafka/transactional_producer.ts";
import { BusBench, bytes, texts, uniqueName } from "../../../../lib/testing/bus_case.ts";
import { sharedBroker, withoutKafka } from "../../../kafka/for_tests.ts";
import { silent } from "./bench.ts";

const { prototype } = TransactionalProducer;

/** Ends the next transaction so, instead of as asked. */
function endNextBy(end: (commit: () => Promise<void>) => Promise<void>): void {
  const { begin } = prototype;
  prototype.begin = async function (): Promise<BytesTransaction> {
    prototype.begin = begin;
    const transaction = await begin.call(this);
    const commit = transaction.commit.bind(transaction);
    transaction.commit = () => end(() => commit());
    return transaction;
  };
}

for (
  const [what, end] of [
    ["was committed", (commit: () => Promise<void>) => commit()],
    ["was never heard of", () => Promise.resolve()],
  ] as const
) {
  Deno.test({
    name: `kafka: a transaction that ${what}, its answer lost: the same commit given again stores all once`,
    ignore: withoutKafka,
    async fn() {
      await using broker = await sharedBroker();
      await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, { log: silent });
      const bench = new BusBench(bus, 60_000);
      const [topic, output, group] = [await bench.topic(), await bench.topic(), uniqueName("group")];
      await bench.sendTexts(topic, ["a", "b"]);
      await using member = await bench.open({ group, topics: [topic] });
      await bench.receive(member, 2);
      const commit = (offset: number) =>
        member.commit({
          through: { topic, partition: 0, offset },
          outputs: [{ topic: output, partition: 0, value: bytes(`${offset}`) }],
        });
      endNextBy(async (asked) => {
        await end(asked);
        throw Object.assign(new Error("connection lost"), { code: "PLT_KFK_NETWORK" });
      });
      await assert.rejects(commit(0), (error) => bus.isRetryable(error));
      await commit(0);
      await commit(1);
      await bench.committed(group, topic, [2]);
      await using reader = await bench.open({ group: null, topics: [output] });
      assert.deepEqual(texts(await bench.receive(reader, 2)), ["0", "1"]);
      assert.equal(await reader.receive({ max: 1, maxBytes: 1_000, waitMs: 50 }), null);
    },
  });
}
