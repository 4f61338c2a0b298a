/** One record at a time from `KafkaBus.send` to `receive`, both in this process. */
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { silent } from "../../lib/bus/kafka/bench.ts";
import { answer, bootstrap, StopWatch } from "./rounds.ts";

const bus = new KafkaBus({ bootstrapServers: [bootstrap], clientId: "bench-bus" }, { log: silent });

await answer(async ({ topic, records, bytes }) => {
  await using subscription = await bus.open({
    group: `bench-${crypto.randomUUID()}`,
    topics: [topic],
    from: "latest",
  });
  const value = new Uint8Array(bytes).fill(120);
  const latenciesMs: number[] = [];
  const watch = new StopWatch();
  for (let sent = 0; sent < records; sent++) {
    const from = performance.now();
    const sending = bus.send([{ topic, value }]);
    while (await subscription.receive({ max: 500, maxBytes: 1_048_576, waitMs: 1_000 }) === null);
    latenciesMs.push(performance.now() - from);
    await sending;
  }
  return { ...watch.stop(records), latenciesMs };
});
