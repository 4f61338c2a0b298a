import type { Reader } from "../../store/contract.ts";
import { lagOf } from "../local/groups.ts";
import { RELAY_GROUP } from "./schema.ts";

/** How far the relay is in one partition. */
export interface OutboxPartition {
  /** Name in the local log. */
  topic: string;
  /** Name on Kafka. */
  target: string;
  /** The partition, from 0. */
  partition: number;
  /** Where the relay goes on; `null`: it has sent nothing yet. */
  committed: number | null;
  /** Behind the last record. */
  endOffset: number;
  /** Records that wait. */
  lag: number;
}

/** How the relay stands, as the file says it. */
export interface OutboxStatus {
  /** Its partitions. */
  partitions: OutboxPartition[];
  /** Records that wait. */
  lag: number;
  /** Time of the oldest that waits, in ms since 1970. */
  oldestAt: number | null;
  /** Records set aside because Kafka refused them. */
  refused: number;
  /** Who relays, or `null` where nobody does. */
  holder: { name: string; epoch: number; leaseUntil: number } | null;
  /** Why nothing moves, where that is so. */
  trouble: { reason: string; at: number } | null;
  /** When this was read, in ms since 1970. */
  now: number;
}

/**
 * Reads how the relay stands from the file alone: right whether an agent runs on it or not. `undefined`: nothing was
 * ever relayed from this file.
 */
export function outboxStatus(db: Reader, now: number = Date.now()): OutboxStatus | undefined {
  if (db.get("SELECT 1 FROM sqlite_schema WHERE name = 'relay_topics'") === undefined) return undefined;
  const targets = new Map(
    db.all<{ topic: string; target: string }>("SELECT topic, target FROM relay_topics")
      .map(({ topic, target }) => [topic, target]),
  );
  const partitions = lagOf(db, RELAY_GROUP, [...targets.keys()])
    .map((partition) => ({ ...partition, target: targets.get(partition.topic) ?? partition.topic }));
  const lease = db.get<
    {
      holder: string | null;
      epoch: number;
      lease_until: number;
      trouble: string | null;
      trouble_at: number | null;
    }
  >("SELECT holder, epoch, lease_until, trouble, trouble_at FROM relay_lease");
  const held = lease !== undefined && lease.holder !== null && lease.lease_until > now;
  return {
    partitions,
    lag: partitions.reduce((sum, { lag }) => sum + lag, 0),
    oldestAt: oldest(db, partitions),
    refused: db.get<{ count: number }>("SELECT count(*) AS count FROM relay_refused")?.count ?? 0,
    holder: held ? { name: lease.holder ?? "", epoch: lease.epoch, leaseUntil: lease.lease_until } : null,
    trouble: lease?.trouble ? { reason: lease.trouble, at: lease.trouble_at ?? 0 } : null,
    now,
  };
}

function oldest(db: Reader, partitions: readonly OutboxPartition[]): number | null {
  let oldestAt: number | null = null;
  for (const { topic, partition, committed, lag } of partitions) {
    if (lag === 0) continue;
    const id = db.get<{ id: number }>(
      "SELECT id FROM log_partitions WHERE topic = ? AND partition = ?",
      topic,
      partition,
    )?.id;
    if (id === undefined) continue;
    const first = db.get<{ timestamp: number }>(
      `SELECT timestamp FROM log_${id} WHERE offset >= ? ORDER BY offset LIMIT 1`,
      committed ?? 0,
    );
    if (first && (oldestAt === null || first.timestamp < oldestAt)) oldestAt = first.timestamp;
  }
  return oldestAt;
}
