/** AuditLogger.log: `wait` awaits 64 calls side by side, `flush` logs unawaited and flushes. */
import { AuditLogger } from "../../../lib/clients/audit_logger.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { answer, bootstrap, StopWatch, way } from "../kafka_sides/rounds.ts";
import { entryOf } from "./entry.ts";

const [bus, how] = way.split(" ");
const producer = new ProducerClient({
  config: bus === "kafka" ? { bootstrapServers: bootstrap, acks: "all" } : { bus: `local:${bus}` },
});

await answer(async ({ topic, records }) => {
  const logger = new AuditLogger(producer, { topic });
  const watch = new StopWatch();
  let sent = 0;
  const lane = async () => {
    while (sent < records) await logger.log({ ...entryOf(sent++), wait: how === "wait" });
  };
  await Promise.all(Array.from({ length: how === "wait" ? 64 : 1 }, lane));
  await producer.flush();
  return watch.stop(records);
});
