/** A stream handler as `ctx.stream` runs it, over Kafka with an agent's store: `at-least-once` or `exactly-once`. */
import { systemClock } from "../../../lib/bus/clock.ts";
import { KafkaBus } from "../../../lib/bus/kafka/kafka_bus.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER } from "../../../lib/bus/stream/fences.ts";
import { withRowStore } from "../../../lib/bus/stream/rows_first.ts";
import { Stream } from "../../../lib/bus/stream/stream.ts";
import { openStore } from "../../../lib/store/open_store.ts";
import { createMeter } from "../../../lib/telemetry/meter.ts";
import { silent } from "../../lib/bus/kafka/bench.ts";
import { answer, bootstrap, ReadCount, transform, way } from "./rounds.ts";

const folder = await Deno.makeTempDir({ prefix: "capstan-bench-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const store = await openStore({ file: `${folder}/capstan.sqlite` });
await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
const bus = new KafkaBus({ bootstrapServers: [bootstrap], clientId: "bench-stream" }, { log: silent });
const meter = createMeter();

await answer(async ({ topic, output, records }) => {
  const count = new ReadCount(records);
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let open = 0;
  let all = false;
  const stream = new Stream({
    spec: {
      name: "bench",
      group: `bench-${crypto.randomUUID()}`,
      topics: [topic],
      from: "earliest",
      maxRecords: 500,
      maxBytes: 1_048_576,
      lingerMs: 5,
      attempts: 5,
      delivery: way === "at-least-once" ? "at-least-once" : "exactly-once",
    },
    driver: withRowStore(bus, store),
    handler: (batch) => {
      open++;
      all = count.add(batch.records.length);
      return batch.records.map(({ key, value }) => ({
        topic: output,
        key,
        value: transform(value ?? new Uint8Array()),
      }));
    },
    onCommit: () => {
      if (--open === 0 && all) resolve();
    },
    realName: (name) => name,
    logicalName: (name) => name,
    log: silent,
    meter,
    clock: systemClock,
    random: Math.random,
  });
  stream.start();
  await over;
  const result = count.result();
  await stream.stop();
  return result;
});
