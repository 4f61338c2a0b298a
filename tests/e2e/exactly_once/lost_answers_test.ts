import { withoutKafka } from "../../kafka/for_tests.ts";
import { Fleet } from "./fleet.ts";
import { API } from "./kafka_proxy.ts";
import { startProxiedBroker } from "./proxied_broker.ts";

Deno.test({
  name: "exactly once on Kafka, over connections that break at chosen requests",
  ignore: withoutKafka,
}, async (t) => {
  await using proxied = await startProxiedBroker();
  const { proxy } = proxied;

  for (
    const [what, lose] of [
      ["the answer to a transaction's end", () => proxy.loseAnswer(API.endTxn)],
      ["the request for a transaction's end", () => proxy.loseRequest(API.endTxn)],
      ["the answer to the outputs", () => proxy.loseAnswer(API.produce)],
      ["the answer to the offsets of a transaction", () => proxy.loseAnswer(API.txnOffsetCommit)],
      ["the request for the offsets of a transaction", () => proxy.loseRequest(API.addOffsets)],
    ] as const
  ) {
    await t.step(`${what} is lost, time and again`, async () => {
      await using fleet = await Fleet.open(proxy.address);
      await fleet.send(60);
      const agent = fleet.start("a");
      await agent.until("it works", ({ batches }) => batches > 3);
      await fleet.done();
      const losing = (async () => {
        for (let time = 0; time < 4; time++) await lose();
      })();
      await fleet.send(240);
      await losing;
      await fleet.finish({ a: agent });
    });
  }
});
