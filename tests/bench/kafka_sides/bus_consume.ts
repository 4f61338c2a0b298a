/** KafkaBus.open and receive, at most 500 records at a time, in a group. */
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { silent } from "../../lib/bus/kafka/bench.ts";
import { answer, bootstrap, ReadCount } from "./rounds.ts";

const bus = new KafkaBus({ bootstrapServers: [bootstrap], clientId: "bench-bus" }, { log: silent });

await answer(async ({ topic, records }) => {
  await using subscription = await bus.open({
    group: `bench-${crypto.randomUUID()}`,
    topics: [topic],
    from: "earliest",
  });
  const count = new ReadCount(records);
  for (let over = false; !over;) {
    const batch = await subscription.receive({ max: 500, maxBytes: 1_048_576, waitMs: 1_000 });
    over = batch !== null && count.add(batch.records.length);
  }
  return count.result();
});
