import { type GroupKey, groupOf } from "./place.ts";
import type { Rule } from "./rule.ts";

/** What there is to say of a window. */
export interface Figures {
  value: number;
  baseline: number | undefined;
  samples: number;
  /** The window; milliseconds since 1970. */
  startMs: number;
  endMs: number;
}

/** What a sentence is made of. */
export interface Said extends Figures {
  rule: Rule;
  key: GroupKey;
  /** Whether it has ended. */
  over?: boolean;
}

/** One sentence for a person. */
export function summary(said: Said): string {
  const { rule, startMs, endMs, over } = said;
  if (rule.kind === "silence") {
    const when = over ? `from ${clock(startMs)} to ${clock(endMs)}` : `since ${clock(startMs)}`;
    return `${over ? "Over: no" : "No"} turn${of(said)} came ${when} UTC (${seconds(said.value)}).`;
  }
  const span = `between ${clock(startMs)} and ${clock(endMs)} UTC`;
  if (over && said.samples === 0) return `Over: nothing${of(said)} came ${span}.`;
  return `${over ? "Over: " : ""}${figure(said)} ${span}${compared(said)}.`;
}

function figure(said: Said): string {
  const { rule, value, samples, over } = said;
  const group = of(said);
  const upper = (text: string) => over ? text : text.charAt(0).toUpperCase() + text.slice(1);
  switch (rule.kind) {
    case "satisfaction":
      return upper(`the mean rating${group} was ${short(value)} over ${count(samples, "rating")}`);
    case "error_rate":
      return upper(`${percent(value)} of ${count(samples, "call")}${group} failed`);
    case "latency":
      return upper(`95% of ${count(samples, "answer")}${group} came within ${seconds(value / 1000)}`);
    case "cost":
      return upper(`${count(samples, "call")}${group} cost ${short(value)}`);
    case "failing_tool":
      return upper(`${value} of ${count(samples, "call")}${group} failed`);
    default:
      return upper(`the same call${group} was made ${count(value, "time")}`);
  }
}

function compared({ rule, baseline }: Said): string {
  const { kind, threshold } = rule;
  if (baseline !== undefined) return `, against ${short(baseline)} before`;
  switch (kind) {
    case "error_rate":
      return ` (threshold ${percent(threshold)})`;
    case "latency":
      return ` (threshold ${seconds(threshold / 1000)})`;
    default:
      return rule.baselineMs === undefined ? ` (threshold ${short(threshold)})` : "";
  }
}

function of({ key }: Said): string {
  const members = Object.entries(groupOf(key.grp)).map(([member, name]) => `${member} ${name}`);
  return members.length === 0 ? "" : ` of ${members.join(", ")}`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function percent(share: number): string {
  return `${short(share * 100)}%`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

const STEPS = [["d", 86_400], ["h", 3_600], ["min", 60]] as const;

function seconds(value: number): string {
  for (const [unit, size] of STEPS) if (value >= size) return `${short(value / size)} ${unit}`;
  return `${short(value)} s`;
}

/** `2026-01-02 03:04`, with seconds where there are any. */
function clock(ms: number): string {
  const [date, time = ""] = new Date(ms).toISOString().split("T");
  return `${date} ${time.slice(0, ms % 60_000 === 0 ? 5 : 8)}`;
}
