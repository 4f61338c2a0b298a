/** One record at a time from `send` to the stream's listener, both in this process. */
import { Consumer, Producer } from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { answer, bootstrap, StopWatch } from "./rounds.ts";

const common = { clientId: "bench-raw", bootstrapBrokers: [bootstrap] };
const producer = new Producer<Buffer, Buffer, Buffer, Buffer>(common);

await answer(async ({ topic, records, bytes }) => {
  const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
    ...common,
    groupId: `bench-${crypto.randomUUID()}`,
    autocommit: false,
    maxBytes: 1_048_576,
  });
  const stream = await consumer.consume({ topics: [topic], mode: "latest" });
  let arrived: () => void = () => {};
  stream.on("data", () => arrived());
  const value = Buffer.alloc(bytes, "x");
  const send = () => producer.send({ messages: [{ topic, value }], idempotent: true, acks: -1 });
  // The stream looks up its start when it is read: it is there once it gives a record.
  for (let there = false; !there;) {
    const arrival = new Promise<true>((resolve) => arrived = () => resolve(true));
    await send();
    there = await Promise.race([arrival, new Promise<false>((resolve) => setTimeout(resolve, 200, false))]);
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const latenciesMs: number[] = [];
  const watch = new StopWatch();
  for (let sent = 0; sent < records; sent++) {
    const arrival = new Promise<void>((resolve) => arrived = resolve);
    const from = performance.now();
    const sending = send();
    await arrival;
    latenciesMs.push(performance.now() - from);
    await sending;
  }
  const result = watch.stop(records);
  await stream.close();
  await consumer.close(true);
  return { ...result, latenciesMs };
});
