import type { BusDriver } from "../../../lib/bus/contract.ts";

/** Topics of events that are derived from turns. */
export const DERIVED = [
  "agent-thinking-events",
  "agent-decision-events",
  "agent-trace-events",
  "agent-metrics-events",
  "query-lineage-events",
  "audit-events",
] as const;

/** Events of these topics, by their offsets; on Kafka the marks of transactions count too. */
export async function eventsOf(bus: Pick<BusDriver, "topics">, topics: readonly string[]): Promise<number> {
  const described = await bus.topics.describe(topics);
  return described.flatMap(({ partitions }) => partitions)
    .reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
}

/** How fast something grew. */
export interface Growth {
  /** How much there is at the end. */
  total: number;
  /** From the first sight of some to the last of more, in seconds. */
  seconds: number;
}

/** Watches a count from when it first grows until nothing has been added for a second and a half. */
export async function watchGrowth(count: () => Promise<number>): Promise<Growth> {
  const before = await count();
  let first: number | undefined;
  let last = { total: before, at: performance.now() };
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const total = await count();
    const now = performance.now();
    if (total > last.total) {
      first ??= last.at;
      last = { total, at: now };
    } else if (first !== undefined && now - last.at > 1_500) {
      return { total: last.total - before, seconds: (last.at - first) / 1_000 };
    } else if (now - last.at > 30_000) throw new Error("Cannot measure: nothing was derived within 30 s");
  }
}
