import type * as z from "zod";
import { auditAdminAction, auditModelCall } from "./audit.ts";
import { decisionMade } from "./decisions.ts";
import { feedbackSubmitted } from "./feedback.ts";
import { insightOpened, insightResolved, insightUpdated } from "./insights.ts";
import { queryLineage } from "./lineage.ts";
import { metricsTurn } from "./metrics.ts";
import { signalCreated } from "./signals.ts";
import { thinkingRecorded } from "./thinking.ts";
import { traceTool, traceTurn } from "./traces.ts";

/** One of the nine topics. */
export interface InsightsTopic {
  /** What it holds, one sentence. */
  readonly doc: string;
  readonly partitions: number;
  readonly replication: number;
  /** Days a record is kept. */
  readonly days: number;
  /** Its types of events, by name. */
  readonly types: Readonly<Record<string, z.ZodType>>;
}

/** The nine topics, with the AI service's partitions, replication and retention. Keyed by tenant, all of them. */
export const CATALOG = {
  "ai-feedback-events": {
    doc: "What people thought of answers.",
    partitions: 6,
    replication: 3,
    days: 7,
    types: { "feedback.submitted": feedbackSubmitted },
  },
  "ai-learning-signals": {
    doc: "Feedback joined to the turns it judges.",
    partitions: 3,
    replication: 3,
    days: 7,
    types: { "signal.created": signalCreated },
  },
  "ai-insights": {
    doc: "What the rules found: opened, updated, resolved.",
    partitions: 3,
    replication: 3,
    days: 7,
    types: {
      "insight.opened": insightOpened,
      "insight.updated": insightUpdated,
      "insight.resolved": insightResolved,
    },
  },
  "agent-thinking-events": {
    doc: "Thinking and reasoning in answers.",
    partitions: 6,
    replication: 3,
    days: 7,
    types: { "thinking.recorded": thinkingRecorded },
  },
  "agent-decision-events": {
    doc: "Tools and sub-agents chosen, among which offered.",
    partitions: 6,
    replication: 3,
    days: 7,
    types: { "decision.made": decisionMade },
  },
  "agent-trace-events": {
    doc: "Spans of turns and their tool calls.",
    partitions: 6,
    replication: 3,
    days: 7,
    types: { "trace.turn": traceTurn, "trace.tool": traceTool },
  },
  "agent-metrics-events": {
    doc: "Tokens, times, outcome and cost of each turn.",
    partitions: 3,
    replication: 3,
    days: 7,
    types: { "metrics.turn": metricsTurn },
  },
  "query-lineage-events": {
    doc: "Tables and columns that SQL in conversations reads and writes.",
    partitions: 3,
    replication: 3,
    days: 30,
    types: { "query.lineage": queryLineage },
  },
  "audit-events": {
    doc: "Who called which model through which agent, and administrative actions.",
    partitions: 6,
    replication: 3,
    days: 90,
    types: { "audit.model_call": auditModelCall, "audit.admin_action": auditAdminAction },
  },
} as const satisfies Readonly<Record<string, InsightsTopic>>;

/** Name of one of the nine. */
export type TopicName = keyof typeof CATALOG;
