import * as z from "zod";
import { eventSchema, utcTime } from "./envelope.ts";

/** Something a rule found. */
export const insightData = z.strictObject({
  /** The same from opening to resolving. */
  insight_id: z.string(),
  /** Name of the rule in the configuration. */
  rule: z.string(),
  kind: z.enum(["satisfaction", "error_rate", "latency", "cost", "failing_tool", "loop", "silence"]),
  severity: z.enum(["info", "warning", "critical"]),
  /** What the rule groups by; absent members were not asked for. */
  group: z.strictObject({
    model: z.string().optional(),
    agent: z.string().optional(),
    tool: z.string().optional(),
    conversation: z.string().optional(),
  }),
  value: z.number(),
  threshold: z.number(),
  /** What the value is compared with, where the rule has a baseline. */
  baseline: z.number().optional(),
  /** Events the value is made of. */
  samples: z.int().min(0),
  window: z.strictObject({ start: utcTime, end: utcTime }),
  opened_at: utcTime,
  resolved_at: utcTime.optional(),
  /** Hashes of nodes that show it, newest last; at most 20. */
  evidence: z.array(z.string()).max(20),
  /** For a person, one sentence. */
  summary: z.string(),
});

/** `insight.opened` */
export const insightOpened = eventSchema("insight.opened", insightData);
/** `insight.updated` */
export const insightUpdated = eventSchema("insight.updated", insightData);
/** `insight.resolved` */
export const insightResolved = eventSchema("insight.resolved", insightData);

/** What `data` of the three types is. */
export type InsightData = z.infer<typeof insightData>;
