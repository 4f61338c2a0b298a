import assert from "node:assert/strict";
import type { TopicSpec, TopicValues } from "capstan";
import { registerTopics } from "../../../../plugins/insights/events/topics.ts";

const SETTINGS = { topic_prefix: "", source: "capstan", envelope: "plain" } as const;

function declared(settings: Parameters<typeof registerTopics>[1]): [TopicSpec, TopicValues | undefined][] {
  const topics: [TopicSpec, TopicValues | undefined][] = [];
  registerTopics({ topic: (spec, values) => void topics.push([spec, values]) }, settings);
  return topics;
}

Deno.test("the nine topics have the AI service's partitions, replication and retention", () => {
  const figures = declared(SETTINGS).map(([{ name, partitions, replication, retentionMs = 0 }]) =>
    `${name} ${partitions}/${replication}/${retentionMs / 86_400_000} d`
  );
  assert.deepEqual(figures, [
    "ai-feedback-events 6/3/7 d",
    "ai-learning-signals 3/3/7 d",
    "ai-insights 3/3/7 d",
    "agent-thinking-events 6/3/7 d",
    "agent-decision-events 6/3/7 d",
    "agent-trace-events 6/3/7 d",
    "agent-metrics-events 3/3/7 d",
    "query-lineage-events 3/3/30 d",
    "audit-events 6/3/90 d",
  ]);
});

Deno.test("a prefix stands before the name of each of the nine topics", () => {
  const names = declared({ ...SETTINGS, topic_prefix: "team-a." }).map(([{ name }]) => name);
  assert.equal(names.length, 9);
  assert.ok(names.every((name) => name.startsWith("team-a.a") || name.startsWith("team-a.query")));
});
