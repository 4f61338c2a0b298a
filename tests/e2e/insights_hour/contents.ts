import type { BusDriver } from "../../../lib/bus/contract.ts";

/** An event, as far as the tests look at all of them. */
export interface HourEvent {
  readonly event_id: string;
  readonly event_type: string;
  readonly tenant_id: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The nine topics. */
export const TOPICS = [
  "ai-feedback-events",
  "ai-learning-signals",
  "ai-insights",
  "agent-thinking-events",
  "agent-decision-events",
  "agent-trace-events",
  "agent-metrics-events",
  "query-lineage-events",
  "audit-events",
] as const;

/** Events by the names of their topics, as often as they are there. */
export type Contents = Readonly<Record<typeof TOPICS[number], readonly HourEvent[]>>;

/** What `of` says of each topic. */
export function byTopic(of: (topic: typeof TOPICS[number]) => readonly HourEvent[]): Contents {
  return {
    "ai-feedback-events": of("ai-feedback-events"),
    "ai-learning-signals": of("ai-learning-signals"),
    "ai-insights": of("ai-insights"),
    "agent-thinking-events": of("agent-thinking-events"),
    "agent-decision-events": of("agent-decision-events"),
    "agent-trace-events": of("agent-trace-events"),
    "agent-metrics-events": of("agent-metrics-events"),
    "query-lineage-events": of("query-lineage-events"),
    "audit-events": of("audit-events"),
  };
}

/** All that the nine topics hold. Each must be keyed by its tenant. */
export async function contentsOf(bus: BusDriver, prefix = ""): Promise<Contents> {
  const found = Object.fromEntries(TOPICS.map((topic) => [topic, [] as HourEvent[]])) as Record<
    typeof TOPICS[number],
    HourEvent[]
  >;
  const described = await bus.topics.describe(TOPICS.map((topic) => prefix + topic));
  const ends = described.flatMap(({ name, partitions }) =>
    partitions.filter(({ startOffset, endOffset }) => endOffset > startOffset)
      .map(({ partition, endOffset }) => ({ topic: name, partition, endOffset }))
  );
  if (ends.length === 0) return found;
  await using reader = await bus.open({
    group: null,
    topics: [...new Set(ends.map(({ topic }) => topic))],
    from: "earliest",
  });
  const atEnd = () =>
    ends.every(({ topic, partition, endOffset }) =>
      (reader.position({ topic, partition }) ?? 0) >= endOffset
    );
  while (!atEnd()) {
    const batch = await reader.receive({ max: 1_000, maxBytes: 4_000_000, waitMs: 100 });
    for (const { topic, key, value } of batch?.records ?? []) {
      const event: HourEvent = JSON.parse(new TextDecoder().decode(value ?? new Uint8Array()));
      const named = topic.slice(prefix.length) as typeof TOPICS[number];
      if (key === null || new TextDecoder().decode(key) !== event.tenant_id) {
        throw new Error(`Cannot take ${event.event_id}: its key is not its tenant`);
      }
      found[named].push(event);
    }
  }
  return found;
}

/** Each event once. Two of one id must be the same to the letter. */
export function distinct(contents: Contents): Contents {
  return byTopic((topic) => {
    const byId = new Map<string, HourEvent>();
    for (const event of contents[topic]) {
      const id = `${event.tenant_id} ${event.event_id}`;
      const known = byId.get(id);
      if (known && JSON.stringify(known) !== JSON.stringify(event)) {
        throw new Error(
          `Cannot take ${id} of ${topic} for one: ${JSON.stringify(known)} is not ${JSON.stringify(event)}`,
        );
      }
      byId.set(id, event);
    }
    return [...byId.values()];
  });
}

/** The events that a topic holds more than once, a line each. */
export function doubled(contents: Contents): string[] {
  return Object.entries(contents).flatMap(([topic, events]) => {
    const texts = events.map((event) => `${topic}: ${JSON.stringify(event)}`);
    return texts.filter((text, at) => texts.indexOf(text) !== at);
  });
}

/** How many events each topic holds. */
export function counts(contents: Contents): Record<string, number> {
  return Object.fromEntries(Object.entries(contents).map(([topic, events]) => [topic, events.length]));
}
