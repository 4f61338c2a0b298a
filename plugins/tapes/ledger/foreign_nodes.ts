import type { Reader, SqlValue, Transaction } from "capstan";

/** Call before the deriver's writes: the nodes from here on are those of its turns. */
export function beginDeriving(tx: Transaction): void {
  tx.run("INSERT INTO tapes_deriving VALUES (1)");
}

/** Call behind them, in the same transaction. */
export function endDeriving(tx: Transaction): void {
  tx.run("DELETE FROM tapes_deriving");
}

/** A node that was there already is where a turn ends now. */
export function ownNode(tx: Transaction, hash: string): void {
  tx.run(
    `UPDATE tapes_tree SET at = NULL
     WHERE node = (SELECT rowid FROM nodes WHERE hash = ?) AND at IS NOT NULL`,
    hash,
  );
}

/** A node without children that no turn made. */
export interface ForeignLeaf {
  hash: string;
  parent_hash: string | null;
  role: string | null;
  /** JSON. */
  content: string | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** Which leaves are looked for; absent is any. */
export interface LeafFilter {
  agent?: string;
  model?: string;
  project?: string;
}

const COLUMNS = { agent: "agent_name", model: "model", project: "project" } as const;

/** Leaves that no turn made, newest first; read as far as they are taken. */
export function foreignLeaves(db: Reader, filter: LeafFilter): Iterable<ForeignLeaf> {
  const conditions: string[] = [];
  const params: SqlValue[] = [];
  for (const name of ["agent", "model", "project"] as const) {
    const value = filter[name];
    if (value === undefined) continue;
    conditions.push(` AND n.${COLUMNS[name]} = ?`);
    params.push(value);
  }
  return db.iterate<ForeignLeaf>(foreignLeavesSql(conditions.join("")), ...params);
}

/** What it asks; further conditions on the node `n` begin with AND. */
export function foreignLeavesSql(conditions: string): string {
  return `SELECT n.hash, n.parent_hash, n.role, CAST(n.content AS TEXT) AS content, t.at
    FROM tapes_tree t CROSS JOIN nodes n ON n.rowid = t.node
    WHERE t.at IS NOT NULL AND t.children = 0${conditions} ORDER BY t.at DESC, t.node DESC`;
}
