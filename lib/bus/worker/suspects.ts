import type { StreamSpec } from "../stream/stream_options.ts";
import type { WorkNote } from "./work_notes.ts";

/** Offsets of one stream in one partition. */
export interface WorkRange {
  /** Name of the stream. */
  stream: string;
  /** Real name. */
  topic: string;
  /** Its number in the topic. */
  partition: number;
  /** First offset. */
  from: number;
  /** Last offset. */
  through: number;
}

/** Offsets that are committed. */
export interface CommittedRange extends WorkRange {
  /** Whether the handler took them, or nobody does any more. */
  how: "handled" | "given up";
}

/** Records that were under way when the Worker died. */
export interface Suspect extends WorkRange {
  /** How often it died while nothing else was under way. */
  deaths: number;
  /** What it said the last time. */
  reason: string;
}

/** Whether the first lies within the second. */
export function within(inner: WorkRange, outer: WorkRange): boolean {
  return samePartition(inner, outer) && inner.from >= outer.from && inner.through <= outer.through;
}

/**
 * What is left of suspects when a range is committed: a partition is committed in order. Where that was handled, it was
 * the rest over which the Worker died; where it was given up, the rest is most likely well. A single record is never
 * given up for what it died of in company.
 */
export function afterCommit(suspects: readonly Suspect[], committed: CommittedRange): Suspect[] {
  return suspects.flatMap((each) => {
    if (!samePartition(each, committed) || each.from > committed.through) return [each];
    const from = committed.through + 1;
    if (from > each.through) return [];
    const guilty = committed.how === "handled" && from < each.through;
    return [{ ...each, from, deaths: guilty ? each.deaths : 0 }];
  });
}

function samePartition(one: WorkRange, other: WorkRange): boolean {
  return one.stream === other.stream && one.topic === other.topic && one.partition === other.partition;
}

/** What was under way at each death of the Worker, kept by its host until it is committed. */
export class Suspects {
  #known: readonly Suspect[] = [];

  /** `streams` are the Worker's, in their order. */
  constructor(private readonly streams: readonly Pick<StreamSpec, "name" | "topics">[]) {}

  /** The Worker has died; gives what was under way. Of several batches nobody knows which it was. */
  died(notes: readonly WorkNote[], reason: string): WorkRange[] {
    const ranges = notes.flatMap(({ stream, topic, partition, from, through }): WorkRange[] => {
      const spec = this.streams[stream];
      const name = spec?.topics[topic];
      return spec && name !== undefined ? [{ stream: spec.name, topic: name, partition, from, through }] : [];
    });
    for (const range of ranges) {
      const same = (each: Suspect) => within(each, range) && within(range, each);
      const before = Math.max(0, ...this.#known.filter(same).map(({ deaths }) => deaths));
      const deaths = before + (ranges.length === 1 ? 1 : 0);
      this.#known = [...this.#known.filter((each) => !same(each)), { ...range, deaths, reason }];
    }
    return ranges;
  }

  /** A range is committed. */
  settled(range: CommittedRange): void {
    this.#known = afterCommit(this.#known, range);
  }

  /** All of them. */
  list(): readonly Suspect[] {
    return this.#known;
  }
}
