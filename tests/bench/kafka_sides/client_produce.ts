/** ProducerClient.publish: `flush` publishes unawaited and flushes; `wait` awaits 2,500 calls side by side. */
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { answer, bootstrap, StopWatch, way } from "./rounds.ts";

const producer = new ProducerClient({ config: { bootstrapServers: bootstrap, acks: "all" } });

await answer(async ({ topic, records, bytes }) => {
  const value = new Uint8Array(bytes).fill(120);
  const watch = new StopWatch();
  if (way === "flush") {
    for (let sent = 0; sent < records; sent++) await producer.publish(topic, value, { wait: false });
    await producer.flush();
  } else {
    let sent = 0;
    const lane = async () => {
      while (sent++ < records) await producer.publish(topic, value);
    };
    await Promise.all(Array.from({ length: 2_500 }, lane));
  }
  return watch.stop(records);
});
