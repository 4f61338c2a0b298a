import { awaitedLater } from "../../awaited_later.ts";
import { withoutKafka } from "../../kafka/for_tests.ts";
import { Fleet } from "./fleet.ts";
import { API } from "./kafka_proxy.ts";
import { startProxiedBroker } from "./proxied_broker.ts";

/** How often a producer asks again for its transaction's end, before it is given up. */
const END_RETRIES = 60;

Deno.test(
  { name: "exactly once on Kafka, where a transaction is left open", ignore: withoutKafka },
  async (t) => {
    await using proxied = await startProxiedBroker();
    const { broker, proxy } = proxied;

    for (
      const [what, lose] of [
        ["ends", () => proxy.loseAnswer(API.endTxn)],
        ["is about to end", () => proxy.loseRequest(API.endTxn)],
      ] as const
    ) {
      await t.step(`the broker is killed just as a transaction ${what}, with two agents`, async () => {
        await using fleet = await Fleet.open(proxy.address);
        await fleet.send(60);
        const [a, b] = [fleet.start("a"), fleet.start("b")];
        await fleet.share(a, b);
        await fleet.done();
        const losing = lose();
        const sending = awaitedLater(fleet.send(500));
        await losing;
        await broker.restart();
        await sending;
        await fleet.finish({ a, b });
      });
    }

    await t.step("a transaction is committed, and its producer never learns of it", async () => {
      await using fleet = await Fleet.open(proxy.address);
      await fleet.send(60);
      const agent = fleet.start("a");
      await agent.until("it works", ({ batches }) => batches > 3);
      await fleet.done();
      const lost = [proxy.loseAnswer(API.endTxn)];
      // Until the producer gives up asking; a new one of the same id then finds out.
      for (let attempt = 0; attempt < END_RETRIES; attempt++) lost.push(proxy.loseRequest(API.endTxn));
      await fleet.send(120);
      await Promise.all(lost);
      await fleet.finish({ a: agent });
    });

    await t.step("an agent is killed while its transaction is open, and another goes on", async () => {
      await using fleet = await Fleet.open(proxy.address);
      await fleet.send(60);
      const first = fleet.start("a");
      await first.until("it works", ({ batches }) => batches > 3);
      await fleet.done();
      const open = proxy.loseRequest(API.endTxn);
      const sending = awaitedLater(fleet.send(120));
      await open;
      await first.kill();
      await sending;
      const [a, b] = [fleet.start("a"), fleet.start("b")];
      await fleet.share(a, b);
      await fleet.finish({ a, b });
    });
  },
);
