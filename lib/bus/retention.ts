import type { Reader } from "../store/contract.ts";
import type { LocalBus } from "./local/local_bus.ts";
import type { Pace } from "./pace.ts";
import { type LocalTopic, readTopics } from "./local/topics.ts";

/** How the log is trimmed. */
export interface RetentionOptions {
  /**
   * The agent's own groups that must have passed a record of this topic before it goes; of relayed topics the relay's
   * is one. A group that has committed nothing yet holds everything. Readers that come and go are not among them.
   */
  groupsOf(topic: LocalTopic): readonly string[];
  /** Milliseconds since 1970. Default: the clock. */
  now?(): number;
  /** Records deleted in one transaction. Default 100. */
  chunkRecords?: number;
  /** Bytes deleted in one transaction, but for the first record. Default 1 MiB. */
  chunkBytes?: number;
  /** Rests between two transactions, beside a busy thread. */
  pace?: Pace;
  /** Stops between two transactions. */
  signal?: AbortSignal;
}

/** What was deleted. */
export interface Trimmed {
  /** How many. */
  records: number;
  /** Of their keys, values and headers. */
  bytes: number;
}

/**
 * Deletes records older than their topic's retention that all groups of `groupsOf` have passed; with a retention of 0
 * as soon as they have. In small transactions, so that writers never wait long.
 */
export async function trimLog(log: LocalBus, options: RetentionOptions): Promise<Trimmed> {
  const total = { records: 0, bytes: 0 };
  for (const topic of log.store.read((db) => readTopics(db))) {
    if (topic.retentionMs === Infinity) continue;
    const groups = options.groupsOf(topic);
    for (let partition = 0; partition < topic.partitions; partition++) {
      while (!options.signal?.aborted) {
        const chunk = log.store.read((db) => findChunk(db, { topic, partition, groups, options }));
        if (!chunk) break;
        const work = () => deleteChunk(log, chunk);
        if (!await (options.pace?.keep(chunk.oldest, work, options.signal) ?? work())) break;
        total.records += chunk.records;
        total.bytes += chunk.bytes;
      }
    }
  }
  return total;
}

/** Deleted records are a prefix of the partition: `from` up to and without `to`. */
interface Chunk extends Trimmed {
  id: number;
  from: number;
  to: number;
  /** Timestamp of the first of them. */
  oldest: number;
}

interface Search {
  topic: LocalTopic;
  partition: number;
  groups: readonly string[];
  options: RetentionOptions;
}

function findChunk(db: Reader, { topic, partition, groups, options }: Search): Chunk | undefined {
  const row = db.get<{ id: number; start_offset: number; passed: number | null }>(
    `SELECT p.id, p.start_offset, (
       SELECT min(coalesce(o.committed, p.start_offset)) FROM json_each(?) g
       LEFT JOIN log_offsets o ON o.grp = g.value AND o.partition_id = p.id
     ) AS passed
     FROM log_partitions p WHERE p.topic = ? AND p.partition = ?`,
    JSON.stringify(groups),
    topic.name,
    partition,
  );
  if (!row) return undefined;
  // Timestamps come from whoever sent the record; without retention they do not matter.
  const newest = topic.retentionMs === 0 ? Infinity : (options.now ?? Date.now)() - topic.retentionMs;
  const chunk = { id: row.id, from: row.start_offset, to: row.start_offset, oldest: 0, records: 0, bytes: 0 };
  // length() reads no content.
  const rows = db.iterate<{ offset: number; timestamp: number; bytes: number }>(
    `SELECT offset, timestamp, coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0)
       AS bytes FROM log_${row.id} WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?`,
    row.start_offset,
    row.passed ?? Number.MAX_SAFE_INTEGER,
    options.chunkRecords ?? 100,
  );
  for (const { offset, timestamp, bytes } of rows) {
    if (timestamp > newest) break;
    if (chunk.records > 0 && chunk.bytes + bytes > (options.chunkBytes ?? 1024 * 1024)) break;
    if (chunk.records === 0) chunk.oldest = timestamp;
    chunk.to = offset + 1;
    chunk.records++;
    chunk.bytes += bytes;
  }
  return chunk.records > 0 ? chunk : undefined;
}

/** `false`: another process trims this partition too and was faster. */
function deleteChunk(log: LocalBus, { id, from, to, bytes }: Chunk): Promise<boolean> {
  return log.store.write((tx) => {
    const { changes } = tx.run(
      "UPDATE log_partitions SET start_offset = ?, bytes = bytes - ? WHERE id = ? AND start_offset = ?",
      to,
      bytes,
      id,
      from,
    );
    if (changes === 0) return false;
    tx.run(`DELETE FROM log_${id} WHERE offset < ?`, to);
    return true;
  });
}
