/** One record at a time from `ProducerClient.publish` to `ConsumerClient.poll`, both in this process. */
import { ConsumerClient } from "../../../lib/clients/consumer_client.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { answer, bootstrap, StopWatch } from "./rounds.ts";

const producer = new ProducerClient({ config: { bootstrapServers: bootstrap, lingerMs: 0 } });

await answer(async ({ topic, records, bytes }) => {
  await using consumer = new ConsumerClient({
    config: { topics: [topic], bootstrapServers: bootstrap, groupId: `bench-${crypto.randomUUID()}` },
    valueDeserializer: (value) => value,
  });
  await consumer.open();
  const value = new Uint8Array(bytes).fill(120);
  const latenciesMs: number[] = [];
  const watch = new StopWatch();
  for (let sent = 0; sent < records; sent++) {
    const from = performance.now();
    const sending = producer.publish(topic, value);
    while ((await consumer.poll()).length === 0);
    latenciesMs.push(performance.now() - from);
    await sending;
  }
  return { ...watch.stop(records), latenciesMs };
});
