/** KafkaBus.send: 500 records a call, five calls under way. */
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { silent } from "../../lib/bus/kafka/bench.ts";
import { answer, bootstrap, StopWatch } from "./rounds.ts";

const bus = new KafkaBus({ bootstrapServers: [bootstrap], clientId: "bench-bus" }, { log: silent });

await answer(async ({ topic, records, bytes }) => {
  const value = new Uint8Array(bytes).fill(120);
  const watch = new StopWatch();
  let sent = 0;
  const lane = async () => {
    while (sent < records) {
      const count = Math.min(500, records - sent);
      sent += count;
      await bus.send(Array.from({ length: count }, () => ({ topic, value })));
    }
  };
  await Promise.all(Array.from({ length: 5 }, lane));
  return watch.stop(records);
});
