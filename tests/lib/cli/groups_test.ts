import assert from "node:assert/strict";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { assertGolden } from "./golden_text.ts";
import { openShop, type Shop } from "./shop.ts";

/** Publishes three orders to partition 0 and two to 2; the group `packing` has handled two of the first. */
async function sell(at: Shop): Promise<void> {
  const publish = async (partition: number, lines: string) => {
    const { code, error } = await at.capstan(["publish", "shop.orders", "-p", `${partition}`], {
      answer: lines,
    });
    assert.equal(code, 0, error);
  };
  await publish(0, "1\n2\n3\n");
  await publish(2, "4\n5\n");
}

Deno.test("groups list and describe on the log", async () => {
  await using at = await openShop();
  assert.match((await at.capstan(["topics", "apply"])).out, /4 topics created/);
  assert.match((await at.capstan(["groups", "list"])).out, /no consumer groups yet/);
  await sell(at);
  const read = await at.capstan([
    "tail",
    "shop.orders",
    "--group",
    "packing",
    "--from-beginning",
    "--no-follow",
    "-n",
    "2",
  ]);
  assert.equal(read.code, 0, read.error);
  await assertGolden(
    await at.session(["groups list", "groups describe packing", "groups describe packign"]),
    "groups.txt",
  );
  const [listed] = JSON.parse((await at.capstan(["groups", "list", "--json"])).out);
  assert.deepEqual(listed, { name: "packing", state: "empty", members: 0, lag: 3, topics: ["shop.orders"] });
  const described = JSON.parse((await at.capstan(["groups", "describe", "packing", "--json"])).out);
  assert.deepEqual(described.partitions[0], {
    topic: "shop.orders",
    partition: 0,
    committed: 2,
    endOffset: 3,
    lag: 1,
  });
});

Deno.test({ name: "groups list and describe on Kafka", ignore: withoutKafka }, async () => {
  await using broker = await sharedBroker();
  await using at = await openShop();
  const id = crypto.randomUUID().slice(0, 8);
  const group = `packing-${id}`;
  await at.configure(`
[kafka]
bootstrap_servers = ["${broker.bootstrap}"]
[topics."shop.orders"]
name = "orders-${id}"
[topics."shop.prices"]
name = "prices-${id}"
`);
  await at.capstan(["topics", "apply"]);
  const read = ["tail", "shop.orders", "--group", group, "--from-beginning", "--no-follow"];
  assert.equal((await at.capstan(read)).code, 0);
  const { KafkaBus } = await import("../../../lib/bus/kafka/kafka_bus.ts");
  const { createLogger } = await import("../../../lib/telemetry/create_logger.ts");
  {
    await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, {
      log: createLogger({ sink: () => {} }),
    });
    const topic = `orders-${id}`;
    await bus.send([0, 0, 0, 2, 2].map((partition) => ({ topic, partition, value: new Uint8Array([49]) })));
  }
  assert.equal((await at.capstan([...read, "-n", "2"])).code, 0);
  const [listed] = JSON.parse((await at.capstan(["groups", "list", "--json"])).out)
    .filter(({ name }: { name: string }) => name === group);
  assert.deepEqual({ ...listed, lag: 0 }, {
    name: group,
    state: "empty",
    members: 0,
    lag: 0,
    topics: [`orders-${id}`],
  });
  const { out } = await at.capstan(["groups", "describe", group]);
  assert.match(out, new RegExp(`^${group}  empty, 0 members, \\d records? behind\n`));
  const { code, error } = await at.capstan(["groups", "describe", `${group}-x`]);
  assert.equal(code, 1);
  assert.match(error, /there is no such group; did you mean/);
});
