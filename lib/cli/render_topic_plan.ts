import type { TopicChange } from "../bus/contract.ts";
import { plural } from "./format.ts";
import { printable } from "./printable.ts";
import type { Style } from "./style.ts";

/** How many topics are in what state. */
export interface PlanSummary {
  create: number;
  change: number;
  impossible: number;
}

/** Counts topics, not differences. One of which a part can't be done counts twice. */
export function summaryOf(changes: readonly TopicChange[]): PlanSummary {
  const topics = (wanted: (kind: TopicChange["kind"]) => boolean) =>
    new Set(changes.filter(({ kind }) => wanted(kind)).map(({ topic }) => topic)).size;
  return {
    create: topics((kind) => kind === "create"),
    change: topics((kind) => kind === "add-partitions" || kind === "change-setting"),
    impossible: topics((kind) => kind === "impossible"),
  };
}

/** The differences for a person: `+` is created, `~` changed, `!` can't be done. */
export function planText(
  changes: readonly TopicChange[],
  { where, topics, style }: { where: string; topics: number; style: Style },
): string {
  const head = `${where}\n\n`;
  if (changes.length === 0) return `${head}${plural(topics, "topic")}, no differences\n`;
  const width = Math.max(...changes.map(({ topic }) => topic.length));
  const lines = changes.map((change) =>
    `${mark(change, style)} ${change.topic.padEnd(width)}  ${textOf(change)}\n`
  );
  const { create, change, impossible } = summaryOf(changes);
  const parts = [
    `${create} to create`,
    `${change} to change`,
    ...impossible === 0 ? [] : [style.red(`${impossible} that can't become as declared`)],
  ];
  return `${head}${lines.join("")}\n${plural(topics, "topic")}: ${parts.join(", ")}\n`;
}

function textOf({ kind, detail }: TopicChange): string {
  return printable(kind === "create" ? `create: ${detail}` : detail);
}

function mark({ kind }: TopicChange, style: Style): string {
  if (kind === "create") return style.green("+");
  return kind === "impossible" ? style.red("!") : style.yellow("~");
}
