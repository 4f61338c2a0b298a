import type { Reader, SqlValue, Transaction } from "capstan";
import { NODE_USAGE, type NodeUsage } from "./usage_columns.ts";

/** A row of tapes' `nodes` to be written. */
export interface NodeRow {
  hash: string;
  parent: string | null;
  /** JSON with sorted keys. */
  bucket: string;
  role: string;
  /** JSON with sorted keys. */
  content: string;
  model: string;
  provider: string;
  agent?: string;
  stopReason: string;
  usage?: NodeUsage;
  project?: string;
  /** As `timeText(…).stored`. */
  createdAt: string;
}

/** A row of tapes' `nodes` as it is read; columns of our own are not in it. */
export interface StoredNode {
  hash: string;
  parent_hash: string | null;
  bucket: string | null;
  role: string | null;
  content: string | null;
  model: string | null;
  provider: string | null;
  agent_name: string | null;
  stop_reason: string | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  total_tokens: number | null;
  cache_creation_input_tokens: number | null;
  cache_read_input_tokens: number | null;
  total_duration_ns: number | null;
  prompt_duration_ns: number | null;
  project: string | null;
  created_at: string;
}

const INSERT =
  `INSERT INTO nodes (hash, bucket, type, role, content, model, provider, agent_name, stop_reason,
  ${NODE_USAGE.join(", ")}, project, created_at, parent_hash)
  VALUES (?, CAST(? AS BLOB), 'message', ?, CAST(? AS BLOB), ?, ?, ?, ?, ${
    NODE_USAGE.map(() => "?").join(", ")
  }, ?, ?, ?)
  ON CONFLICT (hash) DO NOTHING`;

/** Columns of `StoredNode`. bucket and content are BLOBs in the table. */
export const NODE_COLUMNS = `hash, parent_hash, CAST(bucket AS TEXT) AS bucket, role,
  CAST(content AS TEXT) AS content, model, provider, agent_name, stop_reason, ${
  NODE_USAGE.join(", ")
}, project,
  CAST(created_at AS TEXT) AS created_at`;

/** Inserts a node whose parent is stored. `false`: it was there already, and stays as it is. */
export function insertNode(tx: Transaction, row: NodeRow): boolean {
  const usage: SqlValue[] = NODE_USAGE.map((key) => row.usage?.[key] ?? null);
  const { changes } = tx.run(
    INSERT,
    row.hash,
    row.bucket,
    row.role,
    row.content,
    row.model,
    row.provider,
    row.agent || null,
    row.stopReason,
    ...usage,
    row.project || null,
    row.createdAt,
    row.parent,
  );
  return changes > 0;
}

/** Whether a node is stored. */
export function hasNode(db: Reader, hash: string): boolean {
  return db.get("SELECT 1 AS one FROM nodes WHERE hash = ?", hash) !== undefined;
}

/** One node, or `undefined`. */
export function readNode(db: Reader, hash: string): StoredNode | undefined {
  return db.get<StoredNode>(`SELECT ${NODE_COLUMNS} FROM nodes WHERE hash = ?`, hash);
}

/** The path from a node up, the node first: at most `max` of them. Stops where a parent is missing or comes again. */
export function ancestry(db: Reader, hash: string, max = Infinity): StoredNode[] {
  const path: StoredNode[] = [];
  const seen = new Set<string>();
  let next: string | null = hash;
  while (next !== null && path.length < max && !seen.has(next)) {
    const node = readNode(db, next);
    if (node === undefined) break;
    seen.add(next);
    path.push(node);
    next = node.parent_hash;
  }
  return path;
}

/** The hash at the top of a node's path. */
export function rootOf(db: Reader, hash: string): string {
  const row = db.get<{ hash: string }>(
    `WITH RECURSIVE path(hash, parent) AS (
       SELECT hash, parent_hash FROM nodes WHERE hash = ?
       UNION SELECT n.hash, n.parent_hash FROM nodes n JOIN path ON n.hash = path.parent
     ) SELECT hash FROM path WHERE parent IS NULL LIMIT 1`,
    hash,
  );
  return row?.hash ?? hash;
}
