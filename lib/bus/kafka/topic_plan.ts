import type { TopicChange, TopicSpec } from "../contract.ts";
import { ReplicationError } from "./replication_error.ts";

/** A topic as it is, with every setting that is in force. */
export interface ActualTopic {
  /** Name. */
  name: string;
  /** Its partitions. */
  partitions: readonly unknown[];
  /** Copies. */
  replication: number;
  /** Every setting in force. */
  settings: Readonly<Record<string, string>>;
}

/** A difference and what closes it. */
export interface PlannedChange {
  /** What differs. */
  change: TopicChange;
  /** What the topic should be. */
  spec: TopicSpec;
  /** The setting to change. */
  setting?: { name: string; value: string };
  /** Set where too many copies are asked for. */
  replication?: ReplicationError;
}

/** Kafka's own limit, which takes records of the contract's default size; it is raised where a topic takes larger ones. */
const DEFAULT_MAX_BATCH = 1_048_588;
/** Bytes a batch of one record takes beyond the record's. */
const BATCH_OVERHEAD = 1_024;

/** What must be done so that `actual` becomes as `specs` want it. Pure. */
export function planTopics(
  specs: readonly TopicSpec[],
  actual: readonly ActualTopic[],
  brokers: number,
): PlannedChange[] {
  const byName = new Map(actual.map((topic) => [topic.name, topic]));
  return specs.flatMap((spec) => {
    const topic = byName.get(spec.name);
    return topic === undefined
      ? [creation(spec, brokers)]
      : [...shape(spec, topic), ...settings(spec, topic)];
  });
}

/** The settings a spec asks for, by Kafka's names. */
export function wantedSettings(spec: TopicSpec): Record<string, string> {
  const wanted: Record<string, string> = {};
  const { retentionMs, maxRecordBytes } = spec;
  if (retentionMs === Infinity) wanted["retention.ms"] = "-1";
  // 0 means "until read", which only the local log can do: the cluster's own retention holds then.
  else if (retentionMs !== undefined && retentionMs > 0) {
    wanted["retention.ms"] = String(Math.ceil(retentionMs));
  }
  if (maxRecordBytes !== undefined && maxRecordBytes + BATCH_OVERHEAD > DEFAULT_MAX_BATCH) {
    wanted["max.message.bytes"] = String(maxRecordBytes + BATCH_OVERHEAD);
  }
  return { ...wanted, ...spec.settings };
}

function creation(spec: TopicSpec, brokers: number): PlannedChange {
  const { name, partitions, replication } = spec;
  if (replication !== undefined && replication > brokers) {
    const error = new ReplicationError(name, replication, brokers);
    return { spec, replication: error, change: { topic: name, kind: "impossible", detail: error.message } };
  }
  const copies = replication === undefined
    ? "the cluster's default of copies"
    : counted(replication, "copy", "copies");
  const detail = `create with ${counted(partitions, "partition")} and ${copies}`;
  return { spec, change: { topic: name, kind: "create", detail } };
}

function shape(spec: TopicSpec, topic: ActualTopic): PlannedChange[] {
  const changes: PlannedChange[] = [];
  const { name, partitions, replication } = spec;
  const has = topic.partitions.length;
  if (partitions > has) {
    const detail = `${counted(has, "partition")} → ${partitions}; keys move to other partitions`;
    changes.push({ spec, change: { topic: name, kind: "add-partitions", detail } });
  } else if (partitions < has) {
    const detail = `${counted(has, "partition")}, wanted ${partitions}: Kafka cannot take partitions away`;
    changes.push({ spec, change: { topic: name, kind: "impossible", detail } });
  }
  if (replication !== undefined && replication !== topic.replication) {
    const detail =
      `${counted(topic.replication, "copy", "copies")}, wanted ${replication}: reassign the partitions ` +
      "with kafka-reassign-partitions";
    changes.push({ spec, change: { topic: name, kind: "impossible", detail } });
  }
  return changes;
}

function settings(spec: TopicSpec, topic: ActualTopic): PlannedChange[] {
  return Object.entries(wantedSettings(spec))
    .filter(([name, value]) => topic.settings[name] !== value)
    .map(([name, value]) => ({
      spec,
      setting: { name, value },
      change: {
        topic: spec.name,
        kind: "change-setting",
        detail: `${name}: ${topic.settings[name] ?? "unset"} → ${value}`,
      },
    }));
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
