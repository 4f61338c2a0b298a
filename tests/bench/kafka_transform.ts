import { measure, type Measured, type Measurement, rate, rateCells, ratio, verdict } from "./kafka_rounds.ts";
import { denoSide, type Side } from "./kafka_side.ts";
import { table } from "./table.ts";

const names = {
  processor: "Capstan StreamProcessor, at least once",
  atLeastOnce: "Capstan stream handler, at least once",
  exactlyOnce: "Capstan stream handler, exactly once",
  transactional: "@platformatic/kafka, transactional",
};

/** Ours and the raw client, transforming. */
export const transformSides: readonly Side[] = [
  denoSide({ name: names.processor, kind: "ours" }, "client_transform"),
  denoSide({ name: names.atLeastOnce, kind: "ours" }, "stream_transform", "at-least-once"),
  denoSide({ name: names.exactlyOnce, kind: "ours" }, "stream_transform", "exactly-once"),
  denoSide({ name: "@platformatic/kafka, plain", kind: "raw" }, "raw_transform", "plain"),
  denoSide({ name: "@platformatic/kafka, commit overlapped", kind: "raw" }, "raw_transform", "overlapped"),
  denoSide({ name: names.transactional, kind: "raw" }, "raw_transform", "transactional"),
];

/** JSON of 500 B in batches of at most 500: read, transform, produce, commit. */
export async function transform(measurement: Measurement): Promise<string> {
  const measured = await measure(measurement);
  const find = (part: string) => measured.find(({ side }) => side.name.includes(part));
  const raw = find(names.transactional);
  if (raw === undefined) {
    throw new Error("Cannot compare: the raw client's transactional loop was not measured");
  }
  const against = (each: Measured, part: string, times: number) => {
    const other = find(part);
    if (other === undefined) return [];
    const factor = ratio(each, other, rate);
    return [verdict(factor >= times, `${factor.toFixed(1)} × ${part}, wanted ${times}`)];
  };
  const rows = measured.map((each) => {
    const verdicts = each.side.kind !== "ours"
      ? []
      : each.side.name === names.exactlyOnce
      ? [verdict(ratio(each, raw, rate) >= 0.8, "0.8 of raw, transactional")]
      : [...against(each, "aiokafka", 1.5), ...against(each, "ractogateway", 200)];
    return [each.side.name, ...rateCells(each, raw), verdicts.join("; ")];
  });
  return table(
    ["consume, transform, produce 500 B JSON", "k records/s", "of raw, transactional", "µs CPU a record", ""],
    rows,
  );
}
