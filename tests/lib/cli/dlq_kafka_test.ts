import assert from "node:assert/strict";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { createLogger } from "../../../lib/telemetry/create_logger.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { contentOf, letterShop, lettersOf } from "./dlq_shop.ts";
import { assertGolden } from "./golden_text.ts";
import { openShop } from "./shop.ts";

Deno.test(
  { name: "dlq on Apache Kafka looks, sends back once, and purges", ignore: withoutKafka },
  async () => {
    await using broker = await sharedBroker();
    // Kafka refuses what comes from the future, and removes what is old.
    const firstAt = Date.now() - 3_600_000;
    const second = new Date(firstAt + 60_000).toISOString();
    const id = crypto.randomUUID().slice(0, 8);
    const mask = (text: string) =>
      text.replaceAll(id, "ID").replaceAll(second, "SECOND").replaceAll(
        /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g,
        "TIME",
      );
    await using at = await openShop(mask);
    await at.configure(
      `[kafka]\nbootstrap_servers = ["${broker.bootstrap}"]\n` +
        ["orders", "carts"].map((name) => `[topics."shop.${name}"]\nname = "${name}-${id}"\n`).join(""),
    );
    const capstan = (line: string) => at.capstan(line.split(" "), { plugins: [letterShop] });
    const applied = await capstan("topics apply");
    assert.equal(applied.code, 0, applied.error);
    await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap] }, {
      log: createLogger({ sink: () => {} }),
    });
    await bus.send(lettersOf(`orders-${id}`, `carts-${id}`, firstAt));

    let said = "";
    for (
      const line of [
        "dlq list shop.orders",
        "dlq show shop.orders --offset 1",
        "dlq redrive shop.orders --offset 1",
        "dlq redrive shop.orders --all",
        "dlq redrive shop.orders --all",
        "dlq list shop.orders",
        `dlq purge shop.orders --before ${second} --yes`,
        "dlq show shop.orders --max 1",
        "dlq purge shop.orders --all --yes",
        "dlq list shop.orders",
      ]
    ) {
      const { code, out, error } = await capstan(line);
      said += `$ capstan ${mask(line)}\n${out}${error}(${code})\n\n`;
    }
    await assertGolden(said, "dlq_kafka.txt");
    const sent = await contentOf(bus, `orders-${id}`);
    assert.deepEqual(sent.map(({ key }) => key), ["customer-0", "customer-1", null]);
    assert.equal(sent[2]?.partition, 2);
    assert.deepEqual([...Deno.readDirSync(at.dir)].map(({ name }) => name), ["config.toml"]);
  },
);
