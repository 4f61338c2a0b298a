import { createHash } from "node:crypto";
import type { InsightData } from "../events/insights.ts";

/** What a rule looks at. */
export type RuleKind = InsightData["kind"];

/** The topic that a kind of rule reads; one each. */
export const SOURCES = {
  satisfaction: "ai-learning-signals",
  error_rate: "agent-metrics-events",
  latency: "agent-metrics-events",
  cost: "agent-metrics-events",
  silence: "agent-metrics-events",
  failing_tool: "agent-trace-events",
  loop: "agent-trace-events",
} as const satisfies Readonly<Record<RuleKind, string>>;

/** A topic that rules read. */
export type RuleSource = (typeof SOURCES)[RuleKind];

/** What events are told apart by beside their tenant, in this order. */
export const MEMBERS = ["model", "agent", "tool", "conversation"] as const;

/** What a rule groups by. */
export type Member = (typeof MEMBERS)[number];

/** A rule, complete and checked. Times are milliseconds. */
export interface Rule {
  /** Its name in the configuration. */
  readonly name: string;
  readonly kind: RuleKind;
  readonly severity: InsightData["severity"];
  /** Of silence: seconds. */
  readonly threshold: number;
  readonly windowMs: number;
  /** Divides the window. */
  readonly slideMs: number;
  readonly latenessMs: number;
  readonly by: readonly Member[];
  readonly minSamples: number;
  /** Absent: its threshold is absolute. */
  readonly baselineMs?: number;
  readonly baselineSamples: number;
}

/**
 * What its rows are kept under: the name, and a hash of all that decides what is in them. A rule that is changed
 * begins anew.
 */
export function keyOf({ name, kind, windowMs, slideMs, latenessMs, by }: Rule): string {
  const shape = JSON.stringify([kind, windowMs, slideMs, latenessMs, by]);
  return `${name}#${createHash("sha256").update(shape).digest("hex").slice(0, 12)}`;
}

/** The end of the last pane that takes no event any more, once an event of this time was seen. */
export function closedUntil({ slideMs, latenessMs }: Rule, seenMs: number): number {
  return Math.floor((seenMs - latenessMs) / slideMs) * slideMs;
}

/** Where the pane begins that an event of this time is in. */
export function paneOf({ slideMs }: Pick<Rule, "slideMs">, timeMs: number): number {
  return Math.floor(timeMs / slideMs) * slideMs;
}
