import type { Envelope } from "../events/envelope.ts";
import { derivedId } from "../events/event_id.ts";
import type { InsightData } from "../events/insights.ts";
import { known } from "../turns/source_turn.ts";
import { type GroupKey, groupOf } from "./place.ts";
import type { Rule } from "./rule.ts";
import { type Figures, summary } from "./summary.ts";

/** An insight's event. */
export type InsightEvent = Envelope<string, InsightData>;

/** What is said of a group at the end of a window. */
export interface Finding extends Figures {
  rule: Rule;
  key: GroupKey;
  /** Nodes, newest last. */
  evidence: readonly string[];
}

/** An insight begins. Its id follows from rule, tenant, group and window. */
export function opened(finding: Finding): InsightData {
  const { rule, key, startMs, endMs } = finding;
  const id = derivedId("insight", rule.name, key.tenant, key.grp, startMs, endMs);
  return {
    insight_id: id.replace(/^evt-/, "ins-"),
    rule: rule.name,
    kind: rule.kind,
    severity: rule.severity,
    group: groupOf(key.grp),
    ...figuresOf(finding),
    opened_at: timeText(endMs),
    summary: summary(finding),
  };
}

/** It goes on. */
export function updated(said: InsightData, finding: Finding): InsightData {
  return { ...said, ...figuresOf(finding), summary: summary(finding) };
}

/** It ends; what showed it stays. */
export function resolved(said: InsightData, finding: Finding): InsightData {
  return {
    ...said,
    ...figuresOf({ ...finding, evidence: said.evidence }),
    resolved_at: timeText(finding.endMs),
    summary: summary({ ...finding, over: true }),
  };
}

/** All that differs from window to window; `baseline` is there to take an older one's place. */
function figuresOf({ rule, value, baseline, samples, startMs, endMs, evidence }: Finding) {
  return {
    value,
    threshold: rule.threshold,
    baseline,
    samples,
    window: { start: timeText(startMs), end: timeText(endMs) },
    evidence: [...evidence],
  };
}

/** How an insight's event is made. */
export interface InsightEventOptions {
  state: "opened" | "updated" | "resolved";
  tenant: string;
  /** When it is so; milliseconds since 1970. */
  atMs: number;
  /** The program it comes from. */
  source: string;
  data: InsightData;
}

/** The event of an insight's state. Its id follows from the insight, the state and the time. */
export function insightEvent({ state, tenant, atMs, source, data }: InsightEventOptions): InsightEvent {
  return {
    event_id: derivedId(`insight.${state}`, tenant, data.insight_id, atMs),
    event_type: `insight.${state}`,
    tenant_id: tenant,
    timestamp: timeText(atMs),
    source,
    data: known(data),
  };
}

/** RFC 3339, UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
