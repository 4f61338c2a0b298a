import type { Connection } from "./connection.ts";
import { failureOf } from "./store_failure.ts";

/** A WAL of more pages (of 4 KiB) than this is begun anew. */
const RESTART_PAGES = 16_384;

/** What a checkpoint found. */
export interface CheckpointResult {
  /** Pages in the WAL when it began. */
  walPages: number;
  /** Pages of the WAL that are now in the file. */
  copiedPages: number;
  /** Whether writers begin the WAL anew, over what is copied. */
  restarted: boolean;
}

/**
 * Copies the WAL into the file; what a reader or writer holds stays for the next time. Under steady writing the copy
 * never catches up with the last page, and the WAL would grow without end: a large one is begun anew, which keeps
 * writers out while its last pages are copied. (Cutting the file to nothing keeps them out three times as long.)
 */
export function checkpoint(connection: Connection): CheckpointResult {
  const copied = run(connection, "PASSIVE");
  if (copied.walPages <= RESTART_PAGES) return copied;
  try {
    return { ...run(connection, "RESTART"), walPages: copied.walPages };
  } catch (error) {
    if (failureOf(error) !== "locked") throw error;
    return copied;
  }
}

/** Copies the WAL into the file and cuts it to nothing; `false`: somebody reads or writes just now. */
export function truncateWal(connection: Connection): boolean {
  try {
    return connection.get<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)")?.busy === 0;
  } catch (error) {
    if (failureOf(error) !== "locked") throw error;
    return false;
  }
}

function run(connection: Connection, mode: "PASSIVE" | "RESTART"): CheckpointResult {
  const row = connection.get<{ busy: number; log: number; checkpointed: number }>(
    `PRAGMA wal_checkpoint(${mode})`,
  );
  return {
    walPages: Math.max(0, row?.log ?? 0),
    copiedPages: Math.max(0, row?.checkpointed ?? 0),
    restarted: mode === "RESTART" && row?.busy === 0,
  };
}
