import { readJson } from "capstan/json";
import type { Envelope } from "../events/envelope.ts";
import type { InsightData } from "../events/insights.ts";
import type { MetricsData } from "../events/metrics.ts";
import type { SignalData } from "../events/signals.ts";
import type { ToolSpan } from "../events/traces.ts";
import type { Rule } from "./rule.ts";

/** What an insight is about, beside its tenant. */
export type Group = InsightData["group"];

/** What one event says to one rule. */
export interface Sample {
  readonly group: Group;
  /** What tells groups apart that is not said of them: the arguments of a tool's call. */
  readonly detail?: string;
  /** Whether it speaks for an insight. */
  readonly bad: boolean;
  /** Rating, milliseconds or cost; 0 where events are counted alone. */
  readonly amount: number;
  /** The node that shows it. */
  readonly node?: string;
}

type Facts = Omit<Sample, "group"> & { about: Partial<Record<keyof Group, string>> };

type Read = Pick<Envelope, "event_type" | "data">;

/** What an event says to a rule: of one that calls several tools, once for each where the rule goes by tools. */
export function samplesOf(rule: Rule, event: Read): Sample[] {
  return factsOf(rule, event).map(({ about, ...sample }) => ({
    ...sample,
    group: Object.fromEntries(rule.by.map((member) => [member, about[member] || "unknown"])),
  }));
}

/** What an event is about; the same twice counts once. `undefined`: no rule reads it. */
export function subjectOf({ event_type, data }: Envelope): string | undefined {
  switch (event_type) {
    case "signal.created":
      return (data as SignalData).feedback_id;
    case "metrics.turn":
      return (data as MetricsData).turn_id;
    case "trace.tool":
      return (data as ToolSpan).span_id;
    default:
      return undefined;
  }
}

/**
 * What rules read of an event whose subject may be told of once more, otherwise: a feedback's signal, where a turn that
 * fits better came later, or its turn was derived again.
 */
export function contentOf({ event_type, data }: Read): string | undefined {
  if (event_type !== "signal.created") return undefined;
  const { rating, model, asked_model, agent, tools_used, answer_hash } = data as SignalData;
  return JSON.stringify({ rating, model, asked_model, agent, tools_used, answer_hash });
}

/** An event that says the same to all rules. */
export function contentEvent(content: string): Read {
  return { event_type: "signal.created", data: readJson(content) };
}

function factsOf(rule: Rule, { event_type, data }: Read): Facts[] {
  switch (event_type) {
    case "signal.created":
      return rule.kind === "satisfaction" ? ofSignal(rule, data as SignalData) : [];
    case "metrics.turn":
      return ofTurn(rule, data as MetricsData);
    case "trace.tool":
      return ofTool(rule, data as ToolSpan);
    default:
      return [];
  }
}

/** As it was asked for: a call that failed has no other name, and belongs to those that went well. */
function modelOf({ asked_model, model }: { asked_model?: string; model?: string }): string | undefined {
  return asked_model ?? model;
}

function ofSignal(rule: Rule, data: SignalData): Facts[] {
  const facts = { bad: data.rating < 0, amount: data.rating, node: data.answer_hash };
  const about = { model: modelOf(data), agent: data.agent };
  if (!rule.by.includes("tool")) return [{ ...facts, about }];
  return [...new Set(data.tools_used)].map((tool) => ({ ...facts, about: { ...about, tool } }));
}

function ofTurn(rule: Rule, data: MetricsData): Facts[] {
  const { latency_ms, cost, failed, agent, node_hash: node } = data;
  const about = { model: modelOf(data), agent };
  switch (rule.kind) {
    case "error_rate":
      return [{ about, node, bad: failed, amount: 0 }];
    case "latency":
      return latency_ms === undefined
        ? []
        : [{ about, node, bad: latency_ms >= rule.threshold, amount: latency_ms }];
    case "cost":
      return cost === undefined ? [] : [{ about, node, bad: cost > 0, amount: cost }];
    case "silence":
      return [{ about, node, bad: false, amount: 0 }];
    default:
      return [];
  }
}

function ofTool(rule: Rule, data: ToolSpan): Facts[] {
  const { agent, tool, conversation, arguments_hash, node_hash, result_hash } = data;
  const about = { model: modelOf(data), agent, tool, conversation };
  if (rule.kind === "failing_tool") {
    return [{ about, bad: data.status === "error", amount: 0, node: result_hash ?? node_hash }];
  }
  if (rule.kind !== "loop" || arguments_hash === undefined || conversation === undefined) return [];
  return [{ about, detail: arguments_hash, bad: true, amount: 0, node: node_hash }];
}
