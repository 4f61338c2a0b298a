import type { Reader, Transaction } from "../../store/contract.ts";
import type { StartFrom } from "../contract.ts";

/** Where reading begins in a partition without a committed offset. */
export function startOffset(db: Reader, id: number, from: StartFrom): number {
  const row = db.get<{ start_offset: number; next_offset: number }>(
    "SELECT start_offset, next_offset FROM log_partitions WHERE id = ?",
    id,
  );
  if (!row || from === "earliest") return row?.start_offset ?? 0;
  if (from === "latest") return row.next_offset;
  if ("offset" in from) return from.offset;
  return db.get<{ offset: number }>(
    `SELECT offset FROM log_${id} WHERE timestamp >= ? ORDER BY offset LIMIT 1`,
    from.timestamp,
  )?.offset ?? row.next_offset;
}

/**
 * Moves the group's offset in one partition. `false`: the partition is another's now, and nothing was changed.
 * @throws {RangeError} nothing lies before that offset yet; what came there later would be skipped.
 */
export function commitOffset(
  tx: Transaction,
  group: string,
  owner: { id: number; member: string; epoch: number },
  offset: number,
  now: number,
): boolean {
  const end = tx.get<{ next_offset: number }>(
    "SELECT next_offset FROM log_partitions WHERE id = ?",
    owner.id,
  );
  if (!end || offset > end.next_offset) {
    throw new RangeError(
      `Cannot commit offset ${offset} for group ${group}: the partition ends at ${end?.next_offset}`,
    );
  }
  return tx.run(
    "UPDATE log_offsets SET committed = ?, committed_at = ? WHERE grp = ? AND partition_id = ? AND owner = ? AND epoch = ?",
    offset,
    now,
    group,
    owner.id,
    owner.member,
    owner.epoch,
  ).changes === 1;
}

/**
 * Moves a group to another place in a topic. Who reads it now is fenced and starts there, too.
 * @throws {RangeError} the group has never read the topic.
 */
export function resetGroup(tx: Transaction, group: string, topic: string, to: StartFrom, now: number): void {
  const rows = tx.all<{ id: number }>(
    `SELECT p.id FROM log_partitions p JOIN log_offsets o ON o.partition_id = p.id AND o.grp = ?
     WHERE p.topic = ?`,
    group,
    topic,
  );
  if (rows.length === 0) {
    throw new RangeError(
      `Cannot move group ${group} in topic ${topic}: it has never read it; start it first`,
    );
  }
  for (const { id } of rows) {
    tx.run(
      `UPDATE log_offsets SET committed = ?, committed_at = ?, owner = NULL, epoch = epoch + 1
       WHERE grp = ? AND partition_id = ?`,
      startOffset(tx, id, to),
      now,
      group,
      id,
    );
  }
  tx.run("UPDATE log_groups SET generation = generation + 1 WHERE name = ?", group);
}
