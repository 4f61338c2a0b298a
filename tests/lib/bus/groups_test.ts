import assert from "node:assert/strict";
import type { BusDriver } from "../../../lib/bus/contract.ts";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { TempLog } from "./temp_log.ts";

const log = createLogger({ sink: () => {} });

async function withLocal(work: (bus: BusDriver) => Promise<void>): Promise<void> {
  await using temp = new TempLog();
  await work(await temp.open());
}

async function withKafka(work: (bus: BusDriver) => Promise<void>): Promise<void> {
  await using broker = await sharedBroker();
  await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, { log });
  await work(bus);
}

for (
  const [where, ignore, withBus] of [["the log", false, withLocal], [
    "Kafka",
    withoutKafka,
    withKafka,
  ]] as const
) {
  Deno.test(
    { name: `groups of ${where} are described while they run and after`, ignore },
    () =>
      withBus(async (bus) => {
        const id = crypto.randomUUID();
        const [topic, other] = [`topic-${id}`, `other-${id}`];
        const group = `group-${id}`;
        await bus.topics.apply([
          { name: topic, partitions: 2, replication: 1 },
          { name: other, partitions: 1, replication: 1 },
        ]);
        const value = new TextEncoder().encode("x");
        await bus.send([0, 0, 0, 1, 1].map((partition) => ({ topic, partition, value })));
        assert.deepEqual(await bus.groups.describe([group]), []);
        assert.deepEqual(await bus.groups.lags([{ group, topics: [topic, `missing-${id}`] }]), [
          { group, topic, partition: 0, committed: null, endOffset: 3, lag: 3 },
          { group, topic, partition: 1, committed: null, endOffset: 2, lag: 2 },
        ]);

        const subscription = await bus.open({ group, topics: [topic], from: "earliest" });
        const seen = new Set<number>();
        while (seen.size < 2) {
          const batch = await subscription.receive({ max: 1, maxBytes: 1_000, waitMs: 60_000 });
          const [first] = batch?.records ?? [];
          assert.ok(first, "records come");
          if (first.offset === 0) await subscription.commit({ through: first });
          seen.add(first.partition);
        }
        const partitions = [
          { topic, partition: 0, committed: 1, endOffset: 3, lag: 2 },
          { topic, partition: 1, committed: 1, endOffset: 2, lag: 1 },
        ];
        const [running] = await bus.groups.describe([group, `missing-${id}`]);
        assert.deepEqual(running?.partitions, partitions);
        assert.equal(running.state, "running");
        assert.deepEqual(running.members.map((member) => member.partitions), [
          [{ topic, partition: 0 }, { topic, partition: 1 }],
        ]);
        await subscription[Symbol.asyncDispose]();

        const [empty] = await bus.groups.describe([group]);
        assert.deepEqual(empty, { name: group, state: "empty", members: [], partitions });
        assert.ok((await bus.groups.list()).includes(group));
        const lags = await bus.groups.lags([{ group, topics: [topic, other] }, {
          group: `other-${id}`,
          topics: [other],
        }]);
        const summary = lags.map((at) =>
          `${at.group === group} ${at.topic === topic} ${at.partition} ${at.committed}`
        );
        assert.deepEqual(summary.sort(), [
          "false false 0 null",
          "true false 0 null",
          "true true 0 1",
          "true true 1 1",
        ]);
      }),
  );
}
