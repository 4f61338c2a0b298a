/** @platformatic/kafka's consumer stream, read as it becomes readable. */
import { RawBatches, rawStream } from "./raw_stream.ts";
import { answer, bootstrap, ReadCount } from "./rounds.ts";

await answer(async ({ topic, records }) => {
  const { consumer, stream } = await rawStream(bootstrap, topic);
  const batches = new RawBatches(stream);
  const count = new ReadCount(records);
  while (!count.add((await batches.next(500)).length));
  const result = count.result();
  await stream.close();
  await consumer.close(true);
  return result;
});
