import type { Migration, Reader, Transaction } from "../../store/contract.ts";
import type { OutgoingRecord } from "../contract.ts";
import { storedOutputs, storeOutputs } from "./stored_outputs.ts";

/** Owner of the fences' table in `capstan_migrations`. */
export const FENCE_OWNER = "fences";

/** How far each group's rows are, and the outputs that belong to them. */
export const FENCE_MIGRATIONS: readonly Migration[] = [{
  version: 1,
  name: "fences",
  up(tx) {
    tx.run(`CREATE TABLE bus_fences (
      grp TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
      outputs TEXT NOT NULL, PRIMARY KEY (grp, topic, partition)
    ) WITHOUT ROWID`);
  },
}, {
  version: 2,
  name: "where a fence's batch begins",
  up(tx) {
    tx.run("ALTER TABLE bus_fences ADD COLUMN first INTEGER");
    tx.run("ALTER TABLE bus_fences ADD COLUMN start INTEGER");
  },
}];

/** A group's partition. */
export interface FencePlace {
  /** The group. */
  group: string;
  /** Real name. */
  topic: string;
  /** From 0. */
  partition: number;
}

/** The last batch of a partition whose rows are stored. */
export interface Fence {
  /** Its last record: rows of everything up to here are stored. */
  offset: number;
  /** Its first record; `null` in fences of the first version. */
  first: number | null;
  /** Where the group was when it was stored: at `first`, or before control records in front of it. */
  start: number | null;
  /** What belongs to it. */
  outputs: OutgoingRecord[];
}

/** The fence of a partition. */
export function readFence(db: Reader, { group, topic, partition }: FencePlace): Fence | undefined {
  const row = db.get<Omit<Fence, "outputs"> & { outputs: string }>(
    "SELECT offset, first, start, outputs FROM bus_fences WHERE grp = ? AND topic = ? AND partition = ?",
    group,
    topic,
    partition,
  );
  return row && { ...row, outputs: storedOutputs(row.outputs) };
}

/** Moves the fence of a partition. */
export function writeFence(
  tx: Transaction,
  { group, topic, partition }: FencePlace,
  { offset, first, start, outputs }: Fence,
): void {
  tx.run(
    `INSERT INTO bus_fences (grp, topic, partition, offset, outputs, first, start) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET offset = excluded.offset, outputs = excluded.outputs, first = excluded.first,
       start = excluded.start`,
    group,
    topic,
    partition,
    offset,
    storeOutputs(outputs),
    first,
    start,
  );
}

/** Forgets how far the rows of a partition are. */
export function dropFence(tx: Transaction, { group, topic, partition }: FencePlace): void {
  tx.run("DELETE FROM bus_fences WHERE grp = ? AND topic = ? AND partition = ?", group, topic, partition);
}
