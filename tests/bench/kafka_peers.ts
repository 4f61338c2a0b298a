import { denoSide, type Side } from "./kafka_side.ts";
import { failure, pythonPackages } from "./python_packages.ts";

/** Libraries of others, and what they are measured at. */
export interface KafkaPeers {
  /** Versions, and a line for each that is left out. */
  lines: string[];
  produce: Side[];
  consume: Side[];
  transform: Side[];
  latency: Side[];
}

/** Nobody. */
export const noPeers: KafkaPeers = { lines: [], produce: [], consume: [], transform: [], latency: [] };

const out = new URL("./out/", import.meta.url).pathname;
const KAFKAJS = "kafkajs@2.2.4";
const packages = {
  confluent: "confluent-kafka==2.16.1",
  aiokafka: "aiokafka==0.14.0",
  kafka_python: "kafka-python==3.0.12",
  ractogateway: "ractogateway==0.2.1",
};
type Package = keyof typeof packages;

/** Installs them into `out/`; one that does not install is a line. */
export async function kafkaPeers(): Promise<KafkaPeers> {
  const quiet = ["--no-audit", "--no-fund", "--silent"];
  const noKafkajs = await failure(["npm", "install", "--prefix", `${out}kafkajs`, ...quiet, KAFKAJS]);
  const installed = await pythonPackages(Object.values(packages));
  const lines = [
    noKafkajs === undefined ? KAFKAJS.replace("@", " ") : `${KAFKAJS} is left out: ${noKafkajs}`,
    ...installed.lines,
  ];
  const python = (name: Package, label: string, way: string, share: number): Side[] => {
    const program = new URL(`./kafka_sides/${name}_side.py`, import.meta.url).pathname;
    const command = (bootstrap: string) => [installed.python, program, bootstrap, way];
    return installed.has(packages[name]) ? [{ name: label, kind: "peer", share, command }] : [];
  };
  const kafkajs = (way: string, share: number): Side[] =>
    noKafkajs === undefined ? [denoSide({ name: "kafkajs", kind: "peer", share }, "kafkajs_side", way)] : [];
  return {
    lines,
    produce: [
      ...kafkajs("produce", 0.2),
      ...python("confluent", "confluent-kafka", "produce", 1),
      ...python("aiokafka", "aiokafka", "produce", 0.15),
      ...python("kafka_python", "kafka-python", "produce", 0.03),
      ...python("ractogateway", "ractogateway, not awaited", "produce", 0.03),
    ],
    consume: [
      ...kafkajs("consume", 1),
      ...python("confluent", "confluent-kafka", "consume", 1),
      ...python("aiokafka", "aiokafka", "consume", 1),
      ...python("kafka_python", "kafka-python", "consume", 0.1),
      ...python("ractogateway", "ractogateway", "consume", 0.1),
    ],
    transform: [
      ...python("confluent", "confluent-kafka", "transform", 0.4),
      ...python("aiokafka", "aiokafka", "transform", 0.2),
      ...python("ractogateway", "ractogateway, its default", "transform", 0.003),
      ...python("ractogateway", "ractogateway, not awaited", "transform-unawaited", 0.05),
    ],
    latency: [
      ...python("confluent", "confluent-kafka", "latency", 1),
      ...python("aiokafka", "aiokafka", "latency", 1),
    ],
  };
}
