import type { TopicChange, TopicSpec } from "../contract.ts";
import { creation as creationOf, difference, sameSetting } from "../topic_changes.ts";
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
/** The contract's default size of a record. */
const DEFAULT_MAX_RECORD = 1_000_000;
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

/** The settings a new topic gets, by Kafka's names. */
export function wantedSettings(spec: TopicSpec): Record<string, string> {
  const wanted: Record<string, string> = {};
  const { retentionMs } = spec;
  if (retentionMs === Infinity) wanted["retention.ms"] = "-1";
  // 0 means "until read", which only the local log can do: the cluster's own retention holds then.
  else if (retentionMs !== undefined && retentionMs > 0) {
    wanted["retention.ms"] = String(Math.ceil(retentionMs));
  }
  const batch = neededBatch(spec);
  if (batch > DEFAULT_MAX_BATCH) wanted["max.message.bytes"] = String(batch);
  return { ...wanted, ...spec.settings };
}

/** The largest batch a topic must take, so that its largest record passes. */
function neededBatch({ maxRecordBytes }: TopicSpec): number {
  return (maxRecordBytes ?? DEFAULT_MAX_RECORD) + BATCH_OVERHEAD;
}

function creation(spec: TopicSpec, brokers: number): PlannedChange {
  const { name, replication } = spec;
  if (replication !== undefined && replication > brokers) {
    const detail = `replication: it asks for ${replication} copies, and the cluster has ${brokers} broker${
      brokers === 1 ? "" : "s"
    }`;
    return {
      spec,
      replication: new ReplicationError(name, replication, brokers),
      change: { topic: name, kind: "impossible", detail, what: "replication", to: String(replication) },
    };
  }
  return { spec, change: creationOf(spec, wantedSettings(spec)) };
}

function shape(spec: TopicSpec, topic: ActualTopic): PlannedChange[] {
  const changes: PlannedChange[] = [];
  const { name, partitions, replication } = spec;
  const has = topic.partitions.length;
  if (partitions !== has) {
    const values = { what: "partitions", from: String(has), to: String(partitions) };
    const change = partitions > has
      ? difference(name, "add-partitions", values, "new records of a key may go to another partition")
      : difference(name, "impossible", values, "Kafka cannot take partitions away");
    changes.push({ spec, change });
  }
  if (replication !== undefined && replication !== topic.replication) {
    const values = { what: "replication", from: String(topic.replication), to: String(replication) };
    const remark = "copies of an existing topic are moved with kafka-reassign-partitions";
    changes.push({ spec, change: difference(name, "impossible", values, remark) });
  }
  return changes;
}

function settings(spec: TopicSpec, topic: ActualTopic): PlannedChange[] {
  const wanted = wantedSettings(spec);
  const limit = "max.message.bytes";
  if (spec.settings?.[limit] === undefined) {
    // A limit is raised for the records a topic must take, and never lowered: others may need it.
    delete wanted[limit];
    const batch = neededBatch(spec);
    if (Number(topic.settings[limit] ?? DEFAULT_MAX_BATCH) < batch) wanted[limit] = String(batch);
  }
  return Object.entries(wanted)
    .filter(([name, value]) => !sameSetting(topic.settings[name], value))
    .map(([name, value]) => ({
      spec,
      setting: { name, value },
      change: difference(spec.name, "change-setting", {
        what: name,
        from: topic.settings[name],
        to: value,
      }),
    }));
}
