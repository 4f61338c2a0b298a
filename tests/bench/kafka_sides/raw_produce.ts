/** @platformatic/kafka as it is, idempotent with acks=all: `batches` of 500, five in flight, or `single` sends. */
import { Producer, type ProducerOptions } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { answer, bootstrap, StopWatch, way } from "./rounds.ts";

const options: ProducerOptions<Buffer, Buffer, Buffer, Buffer> = {
  clientId: "bench-raw",
  bootstrapBrokers: [bootstrap],
};
const producer = new Producer(options);
const [size, inFlight] = way === "single" ? [1, 500] : [500, 5];
let turn = 0;

await answer(async ({ topic, records, bytes }) => {
  const value = Buffer.alloc(bytes, "x");
  const watch = new StopWatch();
  let sent = 0;
  const lane = async () => {
    while (sent < records) {
      const count = Math.min(size, records - sent);
      sent += count;
      // A batch goes to one partition: the best this client can do, as its users learn.
      const partition = turn++ % 6;
      const messages = Array.from({ length: count }, () => ({ topic, partition, value }));
      await producer.send({ messages, idempotent: true, acks: -1 });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return watch.stop(records);
});
