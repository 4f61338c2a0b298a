import type { PluginContext } from "capstan";
import * as z from "zod";
import type { Settings } from "../settings.ts";
import { CATALOG, type InsightsTopic, type TopicName } from "./catalog.ts";
import { envelopeCodec } from "./cloud_event.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The JSON Schema of a topic's values: one of its types of events. */
export function topicSchema(name: TopicName): Readonly<Record<string, unknown>> {
  const { types }: InsightsTopic = CATALOG[name];
  const schemas = Object.values(types);
  const [first] = schemas;
  return z.toJSONSchema(schemas.length === 1 && first ? first : z.union(schemas), {
    unrepresentable: "throw",
  });
}

/** Names of the nine topics as this plugin's configuration has them. */
export function topicName(settings: Pick<Settings, "topic_prefix">, name: TopicName): string {
  return settings.topic_prefix + name;
}

/** Declares the nine topics. */
export function registerTopics(
  ctx: Pick<PluginContext, "topic">,
  settings: Pick<Settings, "topic_prefix" | "envelope">,
): void {
  const codec = envelopeCodec(settings.envelope);
  for (const name of Object.keys(CATALOG) as TopicName[]) {
    const { partitions, replication, days } = CATALOG[name];
    ctx.topic(
      { name: topicName(settings, name), partitions, replication, retentionMs: days * DAY_MS },
      { codec, schema: topicSchema(name) },
    );
  }
}
