import { awaitedLater } from "../../awaited_later.ts";
import { startBroker } from "../../kafka/broker.ts";
import { sharedBroker, withoutKafka } from "../../kafka/for_tests.ts";
import { Fleet } from "./fleet.ts";

const broker = withoutKafka ? undefined : await sharedBroker();

test("kill -9 in the middle of a batch and between the two commits: the agent goes on where it was", async () => {
  await using fleet = await Fleet.open(broker?.bootstrap ?? "");
  await fleet.send(300);
  for (const at of ["between", "write", "handler"] as const) await fleet.start("a", { at, time: 9 }).killed();
  const last = fleet.start("a");
  await fleet.finish({ a: last });
});

test("kill -9 between the two commits, with two agents: partitions go to the other one, and come back", async () => {
  await using fleet = await Fleet.open(broker?.bootstrap ?? "");
  await fleet.send(150);
  await fleet.start("a", { at: "between", time: 7 }).killed();
  // The other one takes everything over; the first one comes back with rows that Kafka knows nothing of.
  const b = fleet.start("b");
  await b.until("it has handled some", ({ batches }) => batches > 8);
  const again = fleet.start("a", { at: "between", time: 8 });
  await fleet.share(b, again);
  await fleet.send(200);
  await again.killed();
  await fleet.send(100);
  const a = fleet.start("a");
  await fleet.share(b, a);
  const sending = awaitedLater(fleet.send(200));
  await a.until("it has handled some", ({ batches }) => batches > 5);
  // At whatever it does.
  await b.kill();
  await sending;
  const back = fleet.start("b");
  await fleet.share(a, back);
  await fleet.finish({ a, b: back });
  await fleet.javaReadsThem();
});

test("kill -9 within a Kafka transaction, and right after it", async () => {
  await using fleet = await Fleet.open(broker?.bootstrap ?? "");
  await fleet.send(150);
  const first = fleet.start("a", { at: "committed", time: 5 });
  await first.killed();
  const other = fleet.start("b", { at: "sending", time: 6 });
  await other.killed();
  await fleet.send(150);
  const [a, b] = [fleet.start("a"), fleet.start("b")];
  await fleet.share(a, b);
  await fleet.finish({ a, b });
});

test("a broker that is killed and started again while two agents work", async () => {
  await using own = await startBroker();
  await using fleet = await Fleet.open(own.bootstrap);
  await fleet.send(100);
  const [a, b] = [fleet.start("a"), fleet.start("b")];
  await fleet.share(a, b);
  const sending = awaitedLater(fleet.send(600));
  await a.until("it has handled some", ({ batches }) => batches > 15);
  await own.restart();
  await sending;
  await fleet.done();
  await fleet.finish({ a, b });
});

test("the broker of these tests ends", async () => await broker?.[Symbol.asyncDispose](), {
  sanitize: false,
});

function test(name: string, fn: () => Promise<void>, { sanitize = true } = {}): void {
  Deno.test({
    name: `exactly once on Kafka: ${name}`,
    ignore: withoutKafka,
    sanitizeOps: sanitize,
    sanitizeResources: sanitize,
    fn,
  });
}
