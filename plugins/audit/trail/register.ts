import type { PluginContext, StreamHandle } from "capstan";
import type { Settings } from "../settings.ts";
import { ACTIONS_TOPIC, INTAKE_TOPIC } from "./topics.ts";
import type { TrailOptions } from "./trail_options.ts";

const TURNS_TOPIC = "tapes.turns.v1";

/** The trail's sources. */
export interface TrailStreams {
  /** Recorded calls; absent where `turns` is off. */
  readonly turns?: StreamHandle;
  /** What was logged. */
  readonly intake: StreamHandle;
  /** What was done to the agent. */
  readonly actions: StreamHandle;
}

/**
 * Registers the streams that fill the trail, in the Worker: this agent's own log alone, whatever the bus is. They never
 * give a record up: a trail with a hole would be worse than one that is late.
 */
export function registerTrail(ctx: Pick<PluginContext, "stream">, settings: Settings): TrailStreams {
  const options: TrailOptions = {
    topic: settings.topic,
    policyVersion: settings.policy_version,
    folder: settings.folder,
    master_key: settings.master_key,
  };
  const stream = (topic: string, group: string) =>
    ctx.stream({
      topics: [topic],
      group,
      source: "local",
      // The proxy's appends wait while a batch is written.
      maxRecords: 32,
      maxBytes: 64 * 1024,
      lingerMs: 20,
      attempts: Infinity,
      worker: { module: new URL("./trail_worker.ts", import.meta.url), options },
    });
  return {
    intake: stream(INTAKE_TOPIC, "audit-intake"),
    actions: stream(ACTIONS_TOPIC, "audit-actions"),
    ...(settings.turns && { turns: stream(TURNS_TOPIC, "audit-turns") }),
  };
}
