/** kafkajs, from the folder it was installed to: batches of 500, or `eachBatch`. */
import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { answer, bootstrap, ReadCount, StopWatch, way } from "./rounds.ts";

/** The part of kafkajs that is used here: it is no dependency of this project, so its types are not there. */
interface KafkaJs {
  Kafka: new (options: { clientId: string; brokers: string[]; logLevel: number }) => {
    producer(options: { idempotent: boolean; maxInFlightRequests: number }): {
      connect(): Promise<void>;
      send(batch: { topic: string; messages: { value: Buffer }[]; acks: number }): Promise<unknown>;
    };
    consumer(options: { groupId: string; maxBytes: number }): {
      connect(): Promise<void>;
      subscribe(options: { topic: string; fromBeginning: boolean }): Promise<void>;
      run(options: {
        autoCommit: boolean;
        eachBatch(given: { batch: { messages: readonly unknown[] } }): Promise<void>;
      }): Promise<void>;
      disconnect(): Promise<void>;
    };
  };
}

const { Kafka }: KafkaJs = createRequire(import.meta.url)("../out/kafkajs/node_modules/kafkajs/index.js");
const ERRORS = 1;
const kafka = new Kafka({ clientId: "bench-kafkajs", brokers: [bootstrap], logLevel: ERRORS });

if (way === "produce") {
  // Its idempotent producer puts numbers out of order with more than one request in flight.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  await answer(async ({ topic, records, bytes }) => {
    const value = Buffer.alloc(bytes, "x");
    const watch = new StopWatch();
    for (let sent = 0; sent < records; sent += 500) {
      const messages = Array.from({ length: Math.min(500, records - sent) }, () => ({ value }));
      await producer.send({ topic, messages, acks: -1 });
    }
    return watch.stop(records);
  });
} else {
  await answer(async ({ topic, records }) => {
    const consumer = kafka.consumer({ groupId: `bench-${crypto.randomUUID()}`, maxBytes: 1_048_576 });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const count = new ReadCount(records);
    const { promise: over, resolve } = Promise.withResolvers<void>();
    await consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        if (count.add(batch.messages.length)) resolve();
        return Promise.resolve();
      },
    });
    await over;
    const result = count.result();
    await consumer.disconnect();
    return result;
  });
}
