/**
 * The relay on a real broker on this machine: node events of about 700 bytes from the local log to Apache Kafka,
 * idempotent, acks=all. `deno task bench relay [--events N]`
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { systemClock } from "../../lib/bus/clock.ts";
import { KafkaBus } from "../../lib/bus/kafka/kafka_bus.ts";
import { kafkaRelay } from "../../lib/bus/kafka/relay.ts";
import { openLocalLog } from "../../lib/bus/local/local_bus.ts";
import { openStore } from "../../lib/store/open_store.ts";
import { createMeter } from "../../lib/telemetry/meter.ts";
import { startBroker } from "../kafka/broker.ts";
import { kafkaAvailable } from "../kafka/jars.ts";
import { silent } from "../lib/bus/kafka/bench.ts";
import { short, table } from "./table.ts";

const { values } = parseArgs({ options: { events: { type: "string", default: "200000" } } });
const events = Number(values.events);
const available = await kafkaAvailable();
if (!available.ok) {
  console.error(
    `Cannot measure the relay: ${available.missing} not found; install Java 17 and Maven and try again`,
  );
  Deno.exit(1);
}
await using broker = await startBroker();
const dir = await Deno.makeTempDir({ prefix: "capstan-bench-" });
const store = await openStore({ file: `${dir}/capstan.sqlite` });
const log = await openLocalLog(store);
const spec = { name: "tapes.nodes.v1", partitions: 6 };
await log.topics.apply([spec]);
const encoder = new TextEncoder();
const text = "Paris is the capital of France and has been so for most of the last thousand years. ".repeat(6);
for (let sent = 0; sent < events; sent += 1_000) {
  await log.send(Array.from({ length: Math.min(1_000, events - sent) }, (_, at) => ({
    topic: spec.name,
    key: encoder.encode(`root-${(sent + at) % 997}`),
    value: encoder.encode(
      JSON.stringify({
        schema: "tapes.node.v1",
        root_hash: `${(sent + at) % 997}`,
        node: { hash: `${sent + at}`, text },
      }),
    ),
  })));
}
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const settings = { bootstrapServers: [broker.bootstrap], clientId: "bench" };
const relay = kafkaRelay(settings, {
  store,
  log,
  topics: [{ local: spec.name, spec }],
  holder: "bench",
  logger: silent,
  meter: createMeter(),
  clock: systemClock,
  random: Math.random,
});
const before = cpu();
const started = performance.now();
relay.start();
await relay.drain(AbortSignal.timeout(600_000));
const seconds = (performance.now() - started) / 1_000;
const spent = cpu() - before;
await relay.close();
const kafka = new KafkaBus(settings, { log: silent });
const [topic] = await kafka.topics.describe([spec.name]);
const arrived = topic?.partitions.reduce(
  (sum, { startOffset, endOffset }) => sum + endOffset - startOffset,
  0,
);
await kafka.close();
console.log(table(["events", "arrived", "events/s", "µs CPU an event"], [[
  `${events}`,
  `${arrived}`,
  short(events / seconds),
  short((spent / events) * 1e6),
]]));
await log.close();
await store.close();
await Deno.remove(dir, { recursive: true });
Deno.exit(0);
