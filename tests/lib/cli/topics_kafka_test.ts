import assert from "node:assert/strict";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { assertGolden } from "./golden_text.ts";
import { openShop } from "./shop.ts";

Deno.test({ name: "topics on Apache Kafka", ignore: withoutKafka }, async (t) => {
  await using broker = await sharedBroker();
  /** A shop whose topics have names of their own, which read as `ID` in what it says. */
  const open = async () => {
    const id = crypto.randomUUID().slice(0, 8);
    const at = await openShop((text) => text.replaceAll(id, "ID").replaceAll(broker.bootstrap, "BROKER"));
    const configure = (orders: string, prices = "") =>
      at.configure(`
[kafka]
bootstrap_servers = ["${broker.bootstrap}"]

[topics."shop.orders"]
name = "orders-${id}"
${orders}

[topics."shop.prices"]
name = "prices-${id}"
${prices}
`);
    await configure("");
    return { at, configure };
  };

  await t.step("list, plan and apply: from nothing to what is declared", async () => {
    const { at } = await open();
    await using _ = at;
    const said = await at.session([
      "topics list",
      "topics plan",
      "topics apply",
      "topics list",
      "topics plan --exit-code",
    ]);
    await assertGolden(said, "topics_kafka_from_nothing.txt");
    assert.deepEqual([...Deno.readDirSync(at.dir)].map(({ name }) => name), ["config.toml"]);
    assert.match((await at.capstan(["topics", "list", "--all"])).out, /^orders-ID .* fine$/m);
  });

  await t.step(
    "apply adds partitions and changes settings, keeps the others, and says what it can't do",
    async () => {
      const { at, configure } = await open();
      await using _ = at;
      await configure('settings."min.compaction.lag.ms" = "60000"');
      assert.equal((await at.capstan(["topics", "apply"])).code, 0);
      await configure(
        'partitions = 6\nretention = "1d"\nmax_record_bytes = "2MB"',
        'replication = 2\nsettings = { "cleanup.policy" = "compact, delete" }',
      );
      const said = await at.session(["topics plan", "topics apply", "topics plan", "topics list"]);
      await assertGolden(said, "topics_kafka_changed.txt");
      const { topics } = JSON.parse((await at.capstan(["topics", "list", "--json"])).out);
      assert.equal(topics[0].settings["min.compaction.lag.ms"], "60000");
      await configure("partitions = 5\nmax_record_bytes = 1000");
      assert.match(
        (await at.capstan(["topics", "plan"])).out,
        /! orders-ID +partitions: 6 → 5; Kafka cannot take partitions away\n~ orders-ID +retention/,
      );
    },
  );

  await t.step("more copies than brokers are a clear error, unless --replication lowers them", async () => {
    const { at, configure } = await open();
    await using _ = at;
    await configure("replication = 3");
    const said = await at.session([
      "topics plan",
      "topics apply",
      "topics list",
      "topics plan --replication 1",
      "topics apply --replication 1",
      "topics apply --replication 1",
      "topics apply",
    ]);
    await assertGolden(said, "topics_kafka_replication.txt");
  });

  await t.step("a setting that Kafka does not know fails alone, with the broker's words", async () => {
    const { at, configure } = await open();
    await using _ = at;
    await configure('settings."cleanup.polly" = "compact"');
    const created = await at.capstan(["topics", "apply"]);
    assert.equal(created.code, 1);
    assert.match(created.error, /Cannot create topic "orders-ID": .*cleanup\.polly/);
    assert.match((await at.capstan(["topics", "list"])).out, /^prices-ID .* fine$/m);
    await configure("");
    await at.capstan(["topics", "apply"]);
    await configure('settings."retention.bytes" = "many"');
    const changed = await at.capstan(["topics", "apply"]);
    assert.equal(changed.code, 1);
    assert.match(changed.error, /Cannot change topic "orders-ID": .*retention\.bytes/);
  });
});
