import type { Reader, Store, Transaction } from "../../store/contract.ts";
import type { BusRecord } from "../contract.ts";
import { ERASED_HEADERS, isErased } from "../erased.ts";
import { storedOutputs, storeOutputs } from "../stream/stored_outputs.ts";
import { encodeHeaders } from "./headers.ts";
import type { LocalBus } from "./local_bus.ts";

/** Records read, and emptied, at once at most, and their bytes: so that writers never wait long. */
const CHUNK = { records: 200, bytes: 1024 * 1024 };

/** Which records of a topic are emptied. */
export interface EmptyOptions {
  /** Real name; one that is not there has none. */
  topic: string;
  /** Whether a record is one of them, in the snapshot it was read in. */
  matches(record: BusRecord, db: Reader): boolean;
  /** Called after each chunk with the records looked at so far. */
  onChunk?(seen: number): Promise<void>;
  /** Stops between two chunks. */
  signal?: AbortSignal;
}

/**
 * Takes key, value and headers of records out of the log, in small transactions of `store`; gives how many. The offsets
 * stay: see `isErased`. What belongs to a batch and waits beside it for Kafka goes, too.
 * @throws {unknown} the signal's reason.
 */
export async function emptyRecords(log: LocalBus, store: Store, options: EmptyOptions): Promise<number> {
  const { topic, matches, onChunk, signal } = options;
  const [described] = await log.topics.describe([topic]);
  let emptied = await emptyOutputs(store, options);
  let seen = 0;
  for (const { partition, startOffset, endOffset } of described?.partitions ?? []) {
    for (let offset = startOffset; offset < endOffset;) {
      signal?.throwIfAborted();
      const { last, found, count } = store.read((db) => {
        const records = log.readFrom(db, { topic, partition, offset }, CHUNK.records, CHUNK.bytes);
        return {
          last: records.at(-1)?.offset,
          found: records.filter((each) => !isErased(each) && matches(each, db)).map((each) => each.offset),
          count: records.length,
        };
      });
      if (last === undefined) break;
      if (found.length > 0) emptied += await store.write((tx) => empty(tx, { topic, partition }, found));
      offset = last + 1;
      seen += count;
      await onChunk?.(seen);
    }
  }
  return emptied;
}

function empty(
  tx: Transaction,
  { topic, partition }: { topic: string; partition: number },
  offsets: readonly number[],
): number {
  const row = tx.get<{ id: number }>(
    "SELECT id FROM log_partitions WHERE topic = ? AND partition = ?",
    topic,
    partition,
  );
  if (!row) return 0;
  const headers = encodeHeaders(ERASED_HEADERS);
  const bytes = () =>
    tx.get<{ bytes: number | null }>(
      `SELECT sum(coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0)) AS bytes
       FROM log_${row.id} WHERE offset IN (SELECT value FROM json_each(?))`,
      JSON.stringify(offsets),
    )?.bytes ?? 0;
  const before = bytes();
  const { changes } = tx.run(
    `UPDATE log_${row.id} SET key = NULL, value = NULL, headers = ?
     WHERE offset IN (SELECT value FROM json_each(?))`,
    headers,
    JSON.stringify(offsets),
  );
  tx.run("UPDATE log_partitions SET bytes = bytes - ? WHERE id = ?", before - bytes(), row.id);
  return changes;
}

/** Outputs of batches that wait in fences: they are sent again only after a crash. */
function emptyOutputs(store: Store, { topic, matches }: EmptyOptions): Promise<number> {
  const kept = store.read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'bus_fences'"));
  if (!kept) return Promise.resolve(0);
  return store.write((tx) => {
    let emptied = 0;
    const rows = tx.all<{ grp: string; topic: string; partition: number; outputs: string }>(
      "SELECT grp, topic, partition, outputs FROM bus_fences",
    );
    for (const row of rows) {
      const outputs = storedOutputs(row.outputs);
      const left = outputs.filter((
        { partition = 0, key = null, value, headers = [], timestamp = 0, ...rest },
      ) =>
        rest.topic !== topic ||
        !matches({ topic, partition, offset: 0, key, value, headers, timestamp }, tx)
      );
      if (left.length === outputs.length) continue;
      emptied += outputs.length - left.length;
      tx.run(
        "UPDATE bus_fences SET outputs = ? WHERE grp = ? AND topic = ? AND partition = ?",
        storeOutputs(left),
        ...[row.grp, row.topic, row.partition],
      );
    }
    return emptied;
  });
}
