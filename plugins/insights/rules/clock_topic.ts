import type { PublishRequest, TopicSpec } from "capstan";
import type { Settings } from "../settings.ts";
import type { ClockFact } from "./clock_facts.ts";
import type { Place } from "./place.ts";
import type { RuleSource } from "./rule.ts";

const DAY = 24 * 60 * 60 * 1000;

/**
 * Facts are read back beside the events of their partition, in the order of times, and must be known before the first
 * event that came after them. None that is still kept is of a time so long before.
 */
const EARLY_MS = 7 * DAY;

/** A record of the topic of what rules did by the clock. Times are milliseconds since 1970. */
export interface ClockRecord {
  readonly source: RuleSource;
  readonly at_offset: number;
  readonly clock_ms: number | null;
  readonly idle_ms: number | null;
  readonly ahead: boolean;
  readonly told_ms: number;
}

/** As many as the widest of the topics that rules read. */
const PARTITIONS = 6;

type Prefixed = Pick<Settings, "topic_prefix">;

/** Its name. */
export function clockTopicName({ topic_prefix }: Prefixed): string {
  return `${topic_prefix}insights.clock.v1`;
}

/** The topic. */
export function clockTopic(settings: Prefixed): TopicSpec {
  return { name: clockTopicName(settings), partitions: PARTITIONS, replication: 3, retentionMs: 45 * DAY };
}

/**
 * Facts as records, in the partition of the number that they are about, so that both go to one agent. Where a topic was
 * given more partitions than there are here, those beyond have none.
 */
export function clockRequests(
  settings: Prefixed,
  { source, part }: Place,
  facts: readonly ClockFact[],
  nowMs: number,
): PublishRequest[] {
  if (part >= PARTITIONS) return [];
  return facts.map(({ atOffset, clockMs, idleMs, ahead, toldMs }) => {
    const value: ClockRecord = {
      source,
      at_offset: atOffset,
      clock_ms: clockMs,
      idle_ms: idleMs,
      ahead,
      told_ms: toldMs,
    };
    return {
      topic: clockTopicName(settings),
      partition: part,
      value: { ...value },
      timestamp: Math.max(0, nowMs - EARLY_MS),
    };
  });
}

/** The fact of a record. */
export function clockFactOf({ at_offset, clock_ms, idle_ms, ahead, told_ms }: ClockRecord): ClockFact {
  return { atOffset: at_offset, clockMs: clock_ms, idleMs: idle_ms, ahead, toldMs: told_ms };
}
