import type { Plugin } from "../plugin/contract.ts";
import type { PluginDescription } from "../plugin/describe_plugin.ts";
import type { TopicOverride } from "../plugin/topics.ts";
import type { TestTopic } from "./test_agent_contract.ts";

/** What the plugins under test declare and read, and what the test says of topics. */
export interface ForeignTopicsOptions {
  described: readonly PluginDescription[];
  topics: readonly TestTopic[];
}

/** Declares the topics that others would: those that are read, and those the test names. */
export function foreignTopics({ described, topics }: ForeignTopicsOptions): Plugin {
  const declared = new Set(described.flatMap((each) => each.topics));
  const wanted = new Map<string, TestTopic>();
  for (const { streams } of described) for (const name of streams) wanted.set(name, { name });
  for (const topic of topics) wanted.set(topic.name, topic);
  const read = new Set(described.flatMap(({ streams }) => streams));
  return {
    name: "test_agent",
    doc: "Stands in for the plugins whose topics the plugin under test reads.",
    setup(ctx) {
      for (const { name, partitions = 1, values } of wanted.values()) {
        if (!declared.has(name)) ctx.topic({ name, partitions }, values);
      }
      // Dead letters keep for ever, too, whatever the clock says.
      for (const name of read) {
        const letters = `${name}.dlq`;
        if (!declared.has(letters)) ctx.topic({ name: letters, partitions: 1 });
      }
    },
  };
}

/** Topics keep everything: the clock of a test may be far from the one that retention goes by. */
export function keptForEver({ described, topics }: ForeignTopicsOptions): Record<string, TopicOverride> {
  const partitions = new Map(topics.map((topic) => [topic.name, topic.partitions]));
  const read = described.flatMap(({ streams }) => streams);
  const names = [...described.flatMap((each) => each.topics), ...read, ...partitions.keys()];
  return Object.fromEntries([...names, ...read.map((name) => `${name}.dlq`)].map((name) => {
    const wanted = partitions.get(name);
    return [name, { retention: Infinity, ...(wanted !== undefined && { partitions: wanted }) }];
  }));
}
