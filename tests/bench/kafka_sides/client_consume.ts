/** ConsumerClient.poll, at most 500 records at a time, values as bytes, in a group. */
import { ConsumerClient } from "../../../lib/clients/consumer_client.ts";
import { answer, bootstrap, ReadCount } from "./rounds.ts";

await answer(async ({ topic, records }) => {
  await using consumer = new ConsumerClient({
    config: {
      topics: [topic],
      bootstrapServers: bootstrap,
      groupId: `bench-${crypto.randomUUID()}`,
      autoOffsetReset: "earliest",
      maxPollRecords: 500,
    },
    keyDeserializer: (bytes) => bytes,
    valueDeserializer: (bytes) => bytes,
  });
  const count = new ReadCount(records);
  for (let over = false; !over;) {
    const messages = await consumer.poll();
    over = messages.length > 0 && count.add(messages.length);
  }
  return count.result();
});
