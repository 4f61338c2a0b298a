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

/** Declares the trail's topics. Both are kept for ever; a writer's records are in one partition, in order. */
export function registerTopics(ctx: Pick<PluginContext, "topic">, settings: Pick<Settings, "topic">): void {
  ctx.topic({ name: INTAKE_TOPIC, partitions: 1, localOnly: true, retentionMs: 0 }, { codec: "bytes" });
  ctx.topic({ name: ACTIONS_TOPIC, partitions: 1, localOnly: true });
  ctx.topic({ name: settings.topic, partitions: 6, retentionMs: Infinity }, { codec: "bytes" });
  ctx.topic({ name: checkpointTopic(settings), partitions: 1, retentionMs: Infinity }, { codec: "text" });
}
