import { bar, measure, type Measurement, rate, rateCells, ratio, verdict } from "./kafka_rounds.ts";
import { denoSide, type Side } from "./kafka_side.ts";
import { table } from "./table.ts";

/** Ours and the raw client, consuming bytes in a group. */
export const consumeSides: readonly Side[] = [
  denoSide({ name: "Capstan ConsumerClient.poll", kind: "ours" }, "client_consume"),
  denoSide({ name: "Capstan KafkaBus.open, receive", kind: "ours" }, "bus_consume"),
  denoSide({ name: "@platformatic/kafka, stream", kind: "raw" }, "raw_consume"),
];

/** Records of 100 B, as bytes. */
export async function consume(measurement: Measurement): Promise<string> {
  const measured = await measure(measurement);
  const raw = bar(measured, rate);
  const rows = measured.map((each) => [
    each.side.name,
    ...rateCells(each, raw),
    each.side.kind === "ours" ? verdict(ratio(each, raw, rate) >= 0.8, "0.8 of raw") : "",
  ]);
  return table(["consume 100 B", "k records/s", "of raw", "µs CPU a record", ""], rows);
}
