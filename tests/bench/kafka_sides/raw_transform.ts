/**
 * Consume, transform, produce in batches of 500 with @platformatic/kafka alone: `plain` (send, then commit),
 * `overlapped` (the commit while the next batch is worked on) or `transactional`.
 */
import { Producer } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { RawBatches, type RawMessage, rawStream } from "./raw_stream.ts";
import { answer, bootstrap, ReadCount, transform, way } from "./rounds.ts";

const transactional = way === "transactional";
const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
  clientId: "bench-raw",
  bootstrapBrokers: [bootstrap],
  ...(transactional && {
    idempotent: true,
    transactionalId: `bench-${crypto.randomUUID()}`,
    producerId: -1n,
    producerEpoch: -1,
    timeout: 30_000,
    retries: 500,
    // The default of a second makes one transaction a second.
    retryDelay: 5,
  }),
});

/** The last message of each partition. */
function lastOf(batch: readonly RawMessage[]): RawMessage[] {
  return [...new Map(batch.map((message) => [message.partition, message])).values()];
}

await answer(async ({ topic, output, records }) => {
  const { consumer, stream } = await rawStream(bootstrap, topic);
  const batches = new RawBatches(stream);
  const count = new ReadCount(records);
  let committing: Promise<unknown> = Promise.resolve();
  for (let over = false; !over;) {
    const batch = await batches.next(500);
    const messages = batch.map(({ key, value }) => ({
      topic: output,
      key,
      value: asBuffer(transform(value)),
    }));
    const last = lastOf(batch);
    if (transactional) {
      const transaction = await producer.beginTransaction({});
      await transaction.send({ messages, idempotent: true, acks: -1 });
      await transaction.addConsumer(consumer);
      // One after the other: calls side by side are merged into one.
      for (const message of last) await transaction.addOffset(message);
      await transaction.commit();
    } else {
      await producer.send({ messages, idempotent: true, acks: -1 });
      await committing;
      const offsets = last.map(({ topic, partition, offset, leaderEpoch }) => ({
        topic,
        partition,
        offset: offset + 1n,
        leaderEpoch,
      }));
      committing = consumer.commit({ offsets });
      if (way === "plain") await committing;
    }
    over = count.add(batch.length);
  }
  await committing;
  const result = count.result();
  await stream.close();
  await consumer.close(true);
  return result;
});

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
