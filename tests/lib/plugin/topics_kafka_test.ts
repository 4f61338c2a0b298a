import assert from "node:assert/strict";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import type { Plugin } from "../../../lib/plugin/contract.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { withHost } from "./rig.ts";

Deno.test({
  name: "an agent creates topics with as many copies as there are brokers, and says what is not as declared",
  ignore: withoutKafka,
}, async () => {
  await using broker = await sharedBroker();
  const id = crypto.randomUUID();
  await using kafka = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, {
    log: createLogger({ sink: () => {} }),
  });
  await kafka.topics.apply([{ name: `there-${id}`, partitions: 1 }]);
  const plugin: Plugin = {
    name: "p",
    setup(ctx) {
      ctx.topic({ name: `new-${id}`, partitions: 2, replication: 3 });
      ctx.topic({ name: `there-${id}`, partitions: 4, settings: { "cleanup.policy": "compact" } });
      // Reads what is only just being made: that is no trouble, and nothing is said of it.
      ctx.stream({ topics: [`new-${id}`] }, () => {});
    },
  };
  const said: string[] = [];
  const differing = Promise.withResolvers<void>();
  const log = createLogger({
    format: "json",
    sink: (line) => {
      said.push(line);
      if (line.includes("not as declared")) differing.resolve();
    },
  });
  await withHost([plugin], async ({ host }) => {
    await host.start();
    await differing.promise;
    // `new` and its dead letters: one line for all.
    assert.deepEqual(
      said.filter((each) => each.includes('"Made ')).map((each) => JSON.parse(each).message),
      ["Made 2 topics, with 1 copy, fewer than asked for: the cluster has 1 broker."],
    );
    assert.deepEqual(said.filter((each) => each.includes("can't read")), []);
    // What was lowered was said, and is no difference any more.
    const line = JSON.parse(said.find((each) => each.includes("not as declared")) ?? "{}");
    assert.deepEqual(line.differences, [
      `there-${id}: partitions: 1 → 4; new records of a key may go to another partition`,
      `there-${id}: cleanup.policy: delete → compact`,
    ]);
    assert.equal(said.filter((each) => each.includes("not as declared")).length, 1);
    const { status, detail } = host.health().kafka ?? {};
    assert.equal(status, "ok");
    assert.equal(detail, `there-${id}: not as declared; capstan topics plan says how`);
    const { bus } = await host.status();
    assert.equal(bus.connected, true);
    assert.match(bus.detail ?? "", /capstan topics plan/);
    // What was there is left as it is.
    const [there] = await kafka.topics.describe([`there-${id}`]);
    assert.equal(there?.partitions.length, 1);
  }, {
    log,
    settings: {
      store: {},
      log: {},
      admin: { listen: "127.0.0.1:0" },
      kafka: { bootstrap_servers: [broker.bootstrap] },
      topics: {},
    },
  });
});
