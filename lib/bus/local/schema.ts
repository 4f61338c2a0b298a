import type { Migration } from "../../store/contract.ts";

/** Owner of the log's tables in `capstan_migrations`. */
export const LOG_OWNER = "log";

/** The log's tables beside those of its partitions. */
export const LOG_TABLES: readonly string[] = [
  `CREATE TABLE log_topics (
    name TEXT PRIMARY KEY, retention_ms REAL NOT NULL, max_record_bytes INTEGER NOT NULL,
    local_only INTEGER NOT NULL, settings TEXT NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE log_partitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL REFERENCES log_topics ON DELETE CASCADE,
    partition INTEGER NOT NULL, start_offset INTEGER NOT NULL DEFAULT 0, next_offset INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0, UNIQUE (topic, partition)
  )`,
  `CREATE TABLE log_groups (
    name TEXT PRIMARY KEY, generation INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID`,
  `CREATE TABLE log_members (
    grp TEXT NOT NULL REFERENCES log_groups ON DELETE CASCADE, member TEXT NOT NULL, topics TEXT NOT NULL,
    lease_until INTEGER NOT NULL, PRIMARY KEY (grp, member)
  ) WITHOUT ROWID`,
  `CREATE TABLE log_offsets (
    grp TEXT NOT NULL REFERENCES log_groups ON DELETE CASCADE,
    partition_id INTEGER NOT NULL REFERENCES log_partitions ON DELETE CASCADE,
    committed INTEGER, committed_at INTEGER, owner TEXT, epoch INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (grp, partition_id)
  ) WITHOUT ROWID`,
];

/**
 * Each partition has a table of its own, `log_<id>`: rows are then always appended at the end of their B-tree (a third
 * faster than one table for all), and trimming one never touches another.
 */
export const LOG_MIGRATIONS: readonly Migration[] = [{
  version: 1,
  name: "topics, partitions, groups",
  up(tx) {
    for (const statement of LOG_TABLES) tx.run(statement);
  },
}];

/** Creates the table of one partition's records. */
export function createPartitionTable(id: number): string {
  return `CREATE TABLE log_${id} (
    offset INTEGER PRIMARY KEY, timestamp REAL NOT NULL, key BLOB, value BLOB, headers BLOB
  )`;
}
