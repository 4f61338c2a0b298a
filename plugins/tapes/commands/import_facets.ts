import type { Reader, SqlValue, Transaction } from "capstan";

/** A row of tapes' `facets`: what it worked out about a session, as JSON. */
export interface ForeignFacets {
  rowid: number;
  id: string;
  session_id: string;
  facets: SqlValue;
  created_at: string;
}

/** Whether the file has the table; files of before it are read, too. */
export function hasFacets(db: Reader): boolean {
  return db.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'facets'") !== undefined;
}

/** Rows behind `rowid`, in their order. */
export function foreignFacets(db: Reader, rowid: number, max: number): ForeignFacets[] {
  return db.all<ForeignFacets>(
    `SELECT rowid, id, session_id, facets, CAST(created_at AS TEXT) AS created_at
     FROM facets WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    rowid,
    max,
  );
}

/**
 * Copies them; how many were new or newer than what was here. A session has one row, and tapes makes it anew from time to
 * time: the newest stays.
 */
export function copyFacets(tx: Transaction, rows: readonly ForeignFacets[]): number {
  let copied = 0;
  for (const { id, session_id, facets, created_at } of rows) {
    const here = tx.get<{ newer: number }>(
      "SELECT created_at < ? AS newer FROM facets WHERE id = ? OR session_id = ? ORDER BY newer LIMIT 1",
      created_at,
      id,
      session_id,
    );
    if (here?.newer === 0) continue;
    if (here) tx.run("DELETE FROM facets WHERE id = ? OR session_id = ?", id, session_id);
    tx.run(
      "INSERT INTO facets (id, session_id, facets, created_at) VALUES (?, ?, ?, ?)",
      id,
      session_id,
      facets,
      created_at,
    );
    copied++;
  }
  return copied;
}
