import type { Admin } from "@platformatic/kafka";

/** A partition. */
export interface TopicPartition {
  /** The topic. */
  topic: string;
  /** The partition, from 0. */
  partition: number;
}

/** An offset of a partition. */
export interface ListedOffset extends TopicPartition {
  /** The offset. */
  offset: number;
}

/** Kafka's numbers for the first offset and for the one behind the last record that is not part of an open transaction. */
const EARLIEST = -2n;
const LATEST = -1n;
const READ_COMMITTED = 1;

/**
 * Offsets of partitions: the first, the one behind the last, or the first at or after a time in ms (the end where there
 * is none). Throws what the library throws.
 */
export async function listOffsets(
  admin: Admin,
  partitions: readonly TopicPartition[],
  at: "earliest" | "latest" | { timestamp: number },
): Promise<ListedOffset[]> {
  if (partitions.length === 0) return [];
  const timestamp = at === "earliest"
    ? EARLIEST
    : at === "latest"
    ? LATEST
    : BigInt(Math.trunc(at.timestamp));
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const listed = await admin.listOffsets({
    isolationLevel: READ_COMMITTED,
    topics: [...byTopic].map(([name, list]) => ({
      name,
      partitions: list.map(({ partition }) => ({ partitionIndex: partition, timestamp })),
    })),
  });
  const offsets = listed.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, offset }) => ({
      topic: name,
      partition: partitionIndex,
      offset: Number(offset),
    }))
  );
  const behind = offsets.filter(({ offset }) => offset < 0);
  if (behind.length === 0 || typeof at === "string") return offsets;
  return [...offsets.filter(({ offset }) => offset >= 0), ...await listOffsets(admin, behind, "latest")];
}

/**
 * What a group has committed; partitions without a commit are left out. Works for groups that are not running.
 * `settled`: throws while a transaction that moves the group is being committed or aborted, for who goes on before it
 * is decided would do its work again.
 */
export async function committedOffsets(
  admin: Admin,
  group: string,
  partitions?: readonly TopicPartition[],
  { settled = false }: { settled?: boolean } = {},
): Promise<ListedOffset[]> {
  const topics = partitions &&
    [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, list]) => ({
      name,
      partitionIndexes: list.map(({ partition }) => partition),
    }));
  if (topics?.length === 0) return [];
  const [found] = await admin.listConsumerGroupOffsets({
    groups: [topics ? { groupId: group, topics } : group],
    requireStable: settled,
  });
  return (found?.topics ?? []).flatMap(({ name, partitions }) =>
    partitions
      .filter(({ committedOffset }) => committedOffset >= 0n)
      .map(({ partitionIndex, committedOffset }) => ({
        topic: name,
        partition: partitionIndex,
        offset: Number(committedOffset),
      }))
  );
}
