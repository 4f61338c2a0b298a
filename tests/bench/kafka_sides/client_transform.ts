/** StreamProcessor: batches of 500, outputs acknowledged before their batch is committed. */
import { ConsumerClient } from "../../../lib/clients/consumer_client.ts";
import { ProducerClient } from "../../../lib/clients/producer_client.ts";
import { StreamProcessor } from "../../../lib/clients/stream_processor.ts";
import { answer, bootstrap, ReadCount, transform } from "./rounds.ts";

const producer = new ProducerClient({ config: { bootstrapServers: bootstrap } });

await answer(async ({ topic, output, records }) => {
  await using consumer = new ConsumerClient({
    config: {
      topics: [topic],
      bootstrapServers: bootstrap,
      groupId: `bench-${crypto.randomUUID()}`,
      autoOffsetReset: "earliest",
    },
    valueDeserializer: (bytes) => bytes ?? new Uint8Array(),
  });
  const processor = new StreamProcessor({ consumer, producer, config: { batchSize: 500 } });
  const count = new ReadCount(records);
  const over = new AbortController();
  await processor.run((batch) => {
    const outputs = batch.map(({ value }) => transform(value));
    if (count.add(batch.length)) over.abort();
    return outputs;
  }, { outputTopic: output, signal: over.signal });
  return count.result();
});
