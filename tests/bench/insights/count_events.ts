import type { BusDriver } from "../../../lib/bus/contract.ts";

/** Topics of events that are derived from turns. */
const DERIVED = [
  "agent-thinking-events",
  "agent-decision-events",
  "agent-trace-events",
  "agent-metrics-events",
  "query-lineage-events",
  "audit-events",
];

/** How fast events came. */
export interface Rate {
  events: number;
  /** From the first to the last. */
  seconds: number;
}

/**
 * Reads the derived events until there are so many.
 * @throws {Error} they did not come within a minute and a half.
 */
export async function countEvents(bus: BusDriver, wanted: number): Promise<Rate> {
  const deadline = performance.now() + 90_000;
  const left = () => {
    if (performance.now() > deadline) throw new Error("Cannot measure: the events did not come in time");
  };
  while ((await bus.topics.describe(DERIVED)).length < DERIVED.length) {
    left();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await using reader = await bus.open({ group: null, topics: DERIVED, from: "earliest" });
  let events = 0, first = 0, last = 0;
  while (events < wanted) {
    left();
    const batch = await reader.receive({ max: 2_000, maxBytes: 16_000_000, waitMs: 200 });
    if (batch === null) continue;
    events += batch.records.length;
    last = performance.now();
    if (first === 0) first = last;
  }
  return { events, seconds: (last - first) / 1_000 };
}
