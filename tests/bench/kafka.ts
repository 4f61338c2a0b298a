/**
 * Apache Kafka, one broker on this machine: producing, consuming, transforming and latency, ours beside the raw client
 * and (--peers) libraries of others, in turns; medians over the rounds, ratios round by round.
 * `deno task bench kafka [--peers] [--rounds N] [--only produce|consume|transform|latency] [--scale N] [--sides TEXT]`
 */
import { parseArgs } from "node:util";
import { KafkaBus } from "../../lib/bus/kafka/kafka_bus.ts";
import { startBroker } from "../kafka/broker.ts";
import { kafkaAvailable } from "../kafka/jars.ts";
import { silent } from "../lib/bus/kafka/bench.ts";
import { consume, consumeSides } from "./kafka_consume.ts";
import { latency, latencySides } from "./kafka_latency.ts";
import { type KafkaPeers, kafkaPeers, noPeers } from "./kafka_peers.ts";
import { produce, produceSides } from "./kafka_produce.ts";
import type { Measurement } from "./kafka_rounds.ts";
import type { Side } from "./kafka_side.ts";
import { fill } from "./kafka_topics.ts";
import { transform, transformSides } from "./kafka_transform.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "11" },
    peers: { type: "boolean", default: false },
    only: { type: "string" },
    scale: { type: "string", default: "1" },
    sides: { type: "string", default: "" },
  },
});
const scale = Number(values.scale);
const available = await kafkaAvailable();
if (!available.ok) {
  console.error(
    `Cannot measure Kafka: ${available.missing} not found; install Java 17 and Maven and try again`,
  );
  Deno.exit(1);
}
const peers: KafkaPeers = values.peers ? await kafkaPeers() : noPeers;
for (const line of peers.lines) console.log(line);

await using broker = await startBroker({
  properties: {
    // What was produced is not kept for long: a run writes several GB.
    "log.retention.check.interval.ms": "2000",
    "log.segment.delete.delay.ms": "1000",
  },
});
await using bus = new KafkaBus({ bootstrapServers: [broker.bootstrap], clientId: "bench" }, { log: silent });
const short = { "retention.bytes": "67108864", "segment.bytes": "16777216" };
await bus.topics.apply([
  { name: "produced", partitions: 6, settings: short },
  { name: "small", partitions: 6 },
  { name: "events", partitions: 6 },
  { name: "transformed", partitions: 6, settings: short },
  { name: "single", partitions: 1 },
]);

interface Part {
  name: string;
  sides: readonly Side[];
  request: Measurement["request"];
  prepare(): Promise<void>;
  run(measurement: Measurement): Promise<string>;
}

const request = { topic: "", output: "transformed", records: 0, bytes: 0 };
const scaled = (records: number) => Math.round(records * scale);
const nothing = () => Promise.resolve();
const parts: readonly Part[] = [
  {
    name: "produce",
    sides: [...produceSides, ...peers.produce],
    request: { ...request, topic: "produced", records: scaled(50_000), bytes: 1_000 },
    prepare: nothing,
    run: produce,
  },
  {
    name: "consume",
    sides: [...consumeSides, ...peers.consume],
    request: { ...request, topic: "small", records: scaled(300_000), bytes: 100 },
    prepare: () => fill(bus, { topic: "small", records: scaled(300_000), bytes: 100 }),
    run: consume,
  },
  {
    name: "transform",
    sides: [...transformSides, ...peers.transform],
    request: { ...request, topic: "events", records: scaled(40_000), bytes: 500 },
    prepare: () => fill(bus, { topic: "events", records: scaled(40_000), bytes: 500 }),
    run: transform,
  },
  {
    name: "latency",
    sides: [...latencySides, ...peers.latency],
    request: { ...request, topic: "single", records: scaled(300), bytes: 1_000 },
    prepare: nothing,
    run: latency,
  },
];
for (const part of parts) {
  if (values.only !== undefined && !values.only.split(",").includes(part.name)) continue;
  await part.prepare();
  const table = await part.run({
    bootstrap: broker.bootstrap,
    sides: part.sides.filter(({ name }) => name.includes(values.sides)),
    rounds: Number(values.rounds),
    request: part.request,
  });
  console.log(`\n${table}`);
}
