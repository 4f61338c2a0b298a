import type { Reader, Transaction } from "../../store/contract.ts";
import type { BusRecord, OutgoingRecord, Position } from "../contract.ts";
import type { LocalCatalog, LocalPartition } from "./catalog.ts";
import { decodeHeaders, encodeHeaders } from "./headers.ts";
import { partitionOfKey } from "../murmur2.ts";

/** Writes records into partitions' tables and reads them. */
export class LocalRecords {
  readonly #catalog: LocalCatalog;
  readonly #now: () => number;
  /** Where records without key and partition go next, per topic. */
  readonly #wheel = new Map<string, number>();

  /** Looks partitions up in `catalog`. */
  constructor(catalog: LocalCatalog, now: () => number) {
    this.#catalog = catalog;
    this.#now = now;
  }

  /**
   * Appends inside `tx`; offsets follow on each other in the order given.
   * @throws {RangeError} a topic or partition that does not exist.
   */
  append(tx: Transaction, records: readonly OutgoingRecord[]): Position[] {
    if (records.length === 0) return [];
    const rows = records.map((record) => this.#row(tx, record));
    const totals = new Map<LocalPartition, { count: number; bytes: number }>();
    for (const { partition, bytes } of rows) {
      const total = totals.get(partition);
      if (!total) totals.set(partition, { count: 1, bytes });
      else {
        total.count++;
        total.bytes += bytes;
      }
    }
    const next = new Map<LocalPartition, number>();
    for (const [partition, { count, bytes }] of totals) {
      const row = tx.get<{ next_offset: number }>(
        "UPDATE log_partitions SET next_offset = next_offset + ?, bytes = bytes + ? WHERE id = ? RETURNING next_offset",
        count,
        bytes,
        partition.id,
      );
      if (!row) throw new RangeError(`Cannot append to topic ${partition.topic}: its partition is gone`);
      next.set(partition, row.next_offset - count);
    }
    const now = this.#now();
    return rows.map(({ record, partition, headers }) => {
      const offset = next.get(partition) ?? 0;
      next.set(partition, offset + 1);
      tx.run(partition.insertSql, offset, record.timestamp ?? now, record.key ?? null, record.value, headers);
      return { topic: partition.topic, partition: partition.partition, offset };
    });
  }

  /** Records of a partition from `offset` on, at most `max` and, but for the first, `maxBytes`. */
  read(db: Reader, partition: LocalPartition, offset: number, max: number, maxBytes: number): BusRecord[] {
    const records: BusRecord[] = [];
    let bytes = 0;
    for (const row of db.iterate<Row>(partition.readSql, offset, max)) {
      bytes += (row.key?.length ?? 0) + (row.value?.length ?? 0) + (row.headers?.length ?? 0);
      if (records.length > 0 && bytes > maxBytes) break;
      records.push({
        topic: partition.topic,
        partition: partition.partition,
        offset: row.offset,
        timestamp: row.timestamp,
        key: row.key,
        value: row.value,
        headers: decodeHeaders(row.headers),
      });
    }
    return records;
  }

  #row(tx: Transaction, record: OutgoingRecord) {
    const { topic } = record;
    const count = this.#catalog.get(tx, topic, "append to").length;
    const partition = this.#catalog.partition(tx, topic, this.#choose(record, count));
    if (!partition) {
      throw new RangeError(
        `Cannot append to topic ${topic}: it has no partition ${record.partition}; it has 0 to ${count - 1}`,
      );
    }
    // A string would be stored as text and come back as text.
    for (const bytes of [record.key ?? null, record.value]) {
      if (bytes !== null && !(bytes instanceof Uint8Array)) {
        throw new TypeError(
          `Cannot append to topic ${topic}: key and value are bytes or null, not ${typeof bytes}`,
        );
      }
    }
    const headers = encodeHeaders(record.headers);
    const bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + (headers?.length ?? 0);
    return { record, partition, headers, bytes };
  }

  #choose(record: OutgoingRecord, partitions: number): number {
    if (record.partition !== undefined) return record.partition;
    if (partitions === 1) return 0;
    if (record.key) return partitionOfKey(record.key, partitions);
    const turn = this.#wheel.get(record.topic) ?? 0;
    this.#wheel.set(record.topic, turn + 1);
    return turn % partitions;
  }
}

interface Row {
  offset: number;
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: Uint8Array | null;
}
