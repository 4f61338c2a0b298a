import { measure, type Measurement, verdict } from "./kafka_rounds.ts";
import type { RoundResult } from "./kafka_sides/rounds.ts";
import { denoSide, type Side } from "./kafka_side.ts";
import { median, short, table } from "./table.ts";

/** Ours and the raw client: one record at a time, both ends in one process. */
export const latencySides: readonly Side[] = [
  denoSide({ name: "Capstan ProducerClient, ConsumerClient", kind: "ours" }, "client_latency"),
  denoSide({ name: "Capstan KafkaBus.send, receive", kind: "ours" }, "bus_latency"),
  denoSide({ name: "@platformatic/kafka", kind: "raw" }, "raw_latency"),
];

/** From before the call that publishes until the reader has the record. */
export async function latency(measurement: Measurement): Promise<string> {
  const measured = await measure(measurement);
  const raw = measured.find(({ side }) => side.kind === "raw");
  const rows = measured.map((each) => {
    const of = (share: number) => median(each.rounds.map((round) => quantile(round, share)));
    const factor = (share: number) =>
      median(each.rounds.map((round, at) => quantile(round, share) / quantile(raw?.rounds[at], share)));
    return [
      each.side.name,
      short(of(0.5)),
      short(of(0.99)),
      short(factor(0.5)),
      short(factor(0.99)),
      each.side.kind === "ours" ? verdict(factor(0.5) <= 1.3, "p50 at most 1.3 × raw") : "",
    ];
  });
  return table(["produce to consume, linger 0", "p50 ms", "p99 ms", "p50, × raw", "p99, × raw", ""], rows);
}

function quantile(result: RoundResult | undefined, share: number): number {
  const sorted = (result?.latenciesMs ?? []).toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
