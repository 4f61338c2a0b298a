import type { Store, Transaction } from "../../store/contract.ts";
import type { Position } from "../contract.ts";

/** Records deleted in one transaction, so that writers never wait long. */
const AT_ONCE = 100;

/** See `TopicAdmin.deleteRecords`. */
export async function deleteRecords(store: Store, before: Position): Promise<number> {
  const { topic, partition, offset } = before;
  let start: number;
  do start = await store.write((tx) => deleteSome(tx, before)); while (start !== -1 && start < offset);
  if (start !== -1) return start;
  throw new RangeError(`Cannot delete records of topic ${topic}: it has no partition ${partition}`);
}

/** Deletes the oldest records; the first offset that is kept then, or -1: there is no such partition. */
function deleteSome(tx: Transaction, { topic, partition, offset }: Position): number {
  const row = tx.get<{ id: number; start_offset: number; next_offset: number }>(
    "SELECT id, start_offset, next_offset FROM log_partitions WHERE topic = ? AND partition = ?",
    topic,
    partition,
  );
  if (!row) return -1;
  if (offset > row.next_offset) {
    throw new RangeError(
      `Cannot delete records of topic ${topic} before offset ${offset}: partition ${partition} ends at ` +
        `${row.next_offset}`,
    );
  }
  if (offset <= row.start_offset) return row.start_offset;
  const to = Math.min(offset, row.start_offset + AT_ONCE);
  const { bytes } = tx.get<{ bytes: number | null }>(
    `SELECT sum(coalesce(length(key), 0) + coalesce(length(value), 0) + coalesce(length(headers), 0)) AS bytes
     FROM log_${row.id} WHERE offset < ?`,
    to,
  ) ?? { bytes: 0 };
  tx.run(`DELETE FROM log_${row.id} WHERE offset < ?`, to);
  tx.run(
    "UPDATE log_partitions SET start_offset = ?, bytes = bytes - ? WHERE id = ?",
    to,
    bytes ?? 0,
    row.id,
  );
  return to;
}
