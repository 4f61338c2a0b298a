import type { Envelope } from "../../../../plugins/insights/events/envelope.ts";
import type { MetricsData } from "../../../../plugins/insights/events/metrics.ts";
import type { SignalData } from "../../../../plugins/insights/events/signals.ts";
import type { ToolSpan } from "../../../../plugins/insights/events/traces.ts";

/** Where the tests' time begins. */
export const START = Date.UTC(2026, 0, 1);
export const SECOND = 1_000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** So many minutes after the beginning. */
export const at = (minute: number) => new Date(START + minute * MINUTE).toISOString();

/** When and whose an event is, and what tells it from others. */
export interface Given<D> {
  id: string;
  /** After the beginning. */
  minute: number;
  tenant?: string;
  data?: Partial<D>;
}

function event<D>(type: string, { id, minute, tenant = "acme" }: Given<D>, data: D): Envelope<string, D> {
  return {
    event_id: `evt-${id}`,
    event_type: type,
    tenant_id: tenant,
    timestamp: at(minute),
    source: "test",
    data,
  };
}

/** Figures of a turn. */
export function metrics(given: Given<MetricsData>): Envelope<string, MetricsData> {
  return event("metrics.turn", given, {
    turn_id: given.id,
    model: "gpt-4o",
    agent: "coder",
    node_hash: `node-${given.id}`,
    failed: false,
    latency_ms: 1_000,
    cost: 0.01,
    ...given.data,
  });
}

/** A feedback joined to a turn. */
export function signal(given: Given<SignalData>): Envelope<string, SignalData> {
  return event("signal.created", given, {
    feedback_id: given.id,
    label: "neutral",
    rating: 0,
    weight: 0,
    turn_id: `t-${given.id}`,
    revision: 1,
    conversation: "c",
    answer_hash: `node-${given.id}`,
    model: "gpt-4o",
    agent: "coder",
    tools_used: [],
    ...given.data,
  });
}

/** A tool's call. */
export function toolCall(given: Given<ToolSpan>): Envelope<string, ToolSpan> {
  return event("trace.tool", given, {
    turn_id: `t-${given.id}`,
    conversation: "c",
    model: "gpt-4o",
    agent: "coder",
    trace_id: "1".repeat(32),
    span_id: given.id.padStart(16, "0"),
    name: "execute_tool search",
    kind: "internal",
    started_at: at(given.minute),
    ended_at: at(given.minute),
    status: "ok",
    tool: "search",
    arguments_hash: "a".repeat(64),
    node_hash: `node-${given.id}`,
    attributes: {},
    ...given.data,
  });
}
