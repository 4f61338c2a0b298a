import { bar, measure, type Measurement, rate, rateCells, ratio, verdict } from "./kafka_rounds.ts";
import { denoSide, type Side } from "./kafka_side.ts";
import { table } from "./table.ts";

/** Ours and the raw client, producing. */
export const produceSides: readonly Side[] = [
  denoSide({ name: "Capstan ProducerClient.publish, not awaited", kind: "ours" }, "client_produce", "flush"),
  denoSide(
    { name: "Capstan ProducerClient.publish, 2,500 awaited side by side", kind: "ours" },
    "client_produce",
    "wait",
  ),
  denoSide({ name: "Capstan KafkaBus.send, 500 × 5", kind: "ours" }, "bus_produce"),
  denoSide({ name: "@platformatic/kafka, 500 × 5", kind: "raw" }, "raw_produce", "batches"),
  denoSide(
    { name: "@platformatic/kafka, single sends, 500 side by side", kind: "peer", share: 0.02 },
    "raw_produce",
    "single",
  ),
];

/** Records of 1 KB, acks=all, idempotent. */
export async function produce(measurement: Measurement): Promise<string> {
  const measured = await measure(measurement);
  const raw = bar(measured, rate);
  const rows = measured.map((each) => [
    each.side.name,
    ...rateCells(each, raw),
    each.side.kind === "ours" ? verdict(ratio(each, raw, rate) >= 0.9, "0.9 of raw") : "",
  ]);
  return table(["produce 1 KB, acks=all, idempotent", "k records/s", "of raw", "µs CPU a record", ""], rows);
}
