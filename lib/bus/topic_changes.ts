import type { TopicChange, TopicSpec } from "./contract.ts";

/** A topic that is not there yet. `settings` are those it will have, by Kafka's names. */
export function creation(
  { name, partitions, replication }: TopicSpec,
  settings: Readonly<Record<string, string>>,
): TopicChange {
  const parts = [
    counted(partitions, "partition"),
    ...replication === undefined ? [] : [counted(replication, "copy", "copies")],
    ...Object.entries(settings).map(([setting, value]) => `${setting} ${settingText(setting, value)}`),
  ];
  return { topic: name, kind: "create", detail: parts.join(", ") };
}

/** What a change takes beside the topic's name. */
export interface Difference {
  /** `partitions`, `replication` or the name of a setting. */
  what: string;
  /** What it is; absent: nothing yet. */
  from?: string;
  /** What it should be. */
  to: string;
}

/** A difference, with its two values for a person. `remark` stands behind them. */
export function difference(
  topic: string,
  kind: TopicChange["kind"],
  { what, from, to }: Difference,
  remark?: string,
): TopicChange {
  const before = from === undefined ? "unset" : settingText(what, from);
  const detail = `${what}: ${before} → ${settingText(what, to)}${remark === undefined ? "" : `; ${remark}`}`;
  return { topic, kind, detail, what, ...(from !== undefined && { from }), to };
}

/** Whether two texts of a setting mean the same: Kafka gives lists without blanks. */
export function sameSetting(a: string | undefined, b: string): boolean {
  return a !== undefined && plain(a) === plain(b);
}

/** A setting's value, and what it is where it is a time: `604800000 (7 days)`. */
export function settingText(name: string, value: string): string {
  if (!name.endsWith(".ms")) return value;
  if (value === "-1") return "-1 (for ever)";
  if (name === "retention.ms" && value === "0") return "0 (until read)";
  const ms = Number(value);
  const unit = UNITS.find(([size]) => ms >= size && ms % size === 0);
  return unit === undefined ? value : `${value} (${counted(ms / unit[0], unit[1])})`;
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];

function plain(value: string): string {
  return value.split(",").map((part) => part.trim()).join(",").toLowerCase();
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
