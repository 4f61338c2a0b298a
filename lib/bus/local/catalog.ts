import type { Reader } from "../../store/contract.ts";

/** One partition of a topic of the local log, with the SQL of its table. */
export interface LocalPartition {
  /** Of its row and its table `log_<id>`. */
  id: number;
  /** Its topic. */
  topic: string;
  /** Its number in the topic, from 0. */
  partition: number;
  /** Appends one row: offset, timestamp, key, value, headers. */
  insertSql: string;
  /** Rows from an offset on: offset, limit. */
  readSql: string;
}

interface Entry {
  partitions: readonly LocalPartition[];
  /** By the catalog's clock, when it was read. */
  readAt: number;
}

/** Partitions are never taken away, so an old answer is still right; new ones are seen this much later at most. */
const FRESH_MS = 1_000;

/** Topics and their partitions, kept in memory. */
export class LocalCatalog {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  /** By this clock what is kept grows old. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Partitions of a topic in their order; `undefined` where there is no such topic. */
  find(db: Reader, topic: string): readonly LocalPartition[] | undefined {
    const now = this.#now();
    const kept = this.#entries.get(topic);
    if (kept && Math.abs(now - kept.readAt) < FRESH_MS) return kept.partitions;
    const partitions = db.all<{ id: number; partition: number }>(
      "SELECT id, partition FROM log_partitions WHERE topic = ? ORDER BY partition",
      topic,
    ).map(({ id, partition }) => ({
      id,
      topic,
      partition,
      insertSql: `INSERT INTO log_${id} (offset, timestamp, key, value, headers) VALUES (?, ?, ?, ?, ?)`,
      readSql:
        `SELECT offset, timestamp, key, value, headers FROM log_${id} WHERE offset >= ? ORDER BY offset LIMIT ?`,
    }));
    if (partitions.length === 0) return undefined;
    this.#entries.set(topic, { partitions, readAt: now });
    return partitions;
  }

  /**
   * As `find`, for what can't go on without.
   * @throws {Error} there is no such topic.
   */
  get(db: Reader, topic: string, action: string): readonly LocalPartition[] {
    const partitions = this.find(db, topic);
    if (partitions) return partitions;
    throw new RangeError(`Cannot ${action} topic ${topic}: it does not exist; create it first`);
  }

  /** One partition, looked up anew where it is not among those kept. */
  partition(db: Reader, topic: string, partition: number): LocalPartition | undefined {
    const found = this.find(db, topic)?.[partition];
    if (found) return found;
    this.#entries.delete(topic);
    return this.find(db, topic)?.[partition];
  }

  /** Forgets what was read, after a change of topics. */
  forget(): void {
    this.#entries.clear();
  }
}
