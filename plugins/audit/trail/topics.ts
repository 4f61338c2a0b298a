import type { PluginContext } from "capstan";
import type { Settings } from "../settings.ts";

/** What programs and people had entered, and what commands ask for, sealed; this agent's own, never relayed. */
export const INTAKE_TOPIC = "audit.intake.v1";

/** What was done to the agent through its admin listener; this agent's own. */
export const ACTIONS_TOPIC = "capstan.actions.v1";

/** Topic of the signed checkpoints. */
export function checkpointTopic({ topic }: Pick<Settings, "topic">): string {
  return `${topic}.checkpoints`;
}

/** Milliseconds for which the topic keeps records beyond the trail's own retention: a day. */
const BEYOND_MS = 86_400_000;

/** Declares the trail's topics. A writer's records are in one partition, in order; without a retention they stay. */
export function registerTopics(
  ctx: Pick<PluginContext, "topic">,
  settings: Pick<Settings, "topic" | "retention">,
): void {
  const retentionMs = settings.retention === undefined ? Infinity : settings.retention + BEYOND_MS;
  ctx.topic({ name: INTAKE_TOPIC, partitions: 1, localOnly: true, retentionMs: 0 }, { codec: "bytes" });
  ctx.topic({ name: ACTIONS_TOPIC, partitions: 1, localOnly: true });
  ctx.topic({ name: settings.topic, partitions: 6, retentionMs }, { codec: "bytes" });
  ctx.topic({ name: checkpointTopic(settings), partitions: 1, retentionMs: Infinity }, { codec: "text" });
}
