import { Buffer } from "node:buffer";
import type { PublishRequest, Reader, SqlValue, Transaction } from "capstan";
import { readJson } from "capstan/json";
import { nodeEvent } from "../derive/node_event.ts";
import { storeBucket } from "../derive/stored_message.ts";
import type { Bucket } from "../hash.ts";
import { hasNode, rootOf, type StoredNode } from "../ledger/nodes.ts";
import { usageOf } from "../ledger/node_json.ts";
import { storedToRfc3339 } from "../ledger/time_text.ts";

/** Columns as tapes has them, in the order in which they are copied. */
const COLUMNS = [
  "hash",
  "bucket",
  "type",
  "role",
  "content",
  "model",
  "provider",
  "agent_name",
  "stop_reason",
  "prompt_tokens",
  "completion_tokens",
  "total_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
  "total_duration_ns",
  "prompt_duration_ns",
  "project",
  "created_at",
  "parent_hash",
] as const;

const LIST = COLUMNS.join(", ");
const INSERT = `INSERT INTO nodes (${LIST}) VALUES (${
  COLUMNS.map(() => "?").join(", ")
}) ON CONFLICT (hash) DO NOTHING`;
/** Roots remembered, so that a path is walked once. */
const ROOTS = 100_000;

/** A row of another file's `nodes`. */
export interface ForeignNode extends Omit<StoredNode, "bucket" | "content"> {
  rowid: number;
  type: string | null;
  bucket: SqlValue;
  content: SqlValue;
}

/**
 * Whether a file is one that tapes wrote.
 * @throws {TypeError} it has no table `nodes`, or one with other columns.
 */
export function checkTapesFile(db: Reader, file: string): void {
  const columns = new Set(
    db.all<{ name: string }>("SELECT name FROM pragma_table_info('nodes')").map(({ name }) => name),
  );
  if (columns.size === 0) {
    throw new TypeError(
      `Cannot import ${file}: it has no table "nodes"; give a SQLite file that tapes wrote`,
    );
  }
  const missing = COLUMNS.filter((name) => !columns.has(name));
  if (missing.length > 0) {
    throw new TypeError(
      `Cannot import ${file}: its table "nodes" has no ${
        missing.join(", ")
      }; tapes v0.1.1 writes the files this reads`,
    );
  }
}

/** Rows behind `rowid`, in the order in which tapes wrote them. */
export function foreignNodes(db: Reader, rowid: number, max: number): ForeignNode[] {
  return db.all<ForeignNode>(
    `SELECT rowid, ${LIST} FROM nodes WHERE rowid > ? ORDER BY rowid LIMIT ?`,
    rowid,
    max,
  );
}

function foreignNode(db: Reader, hash: string): ForeignNode | undefined {
  return db.get<ForeignNode>(`SELECT rowid, ${LIST} FROM nodes WHERE hash = ?`, hash);
}

function text(value: SqlValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value ?? "null");
}

function isBucket(value: unknown): value is Bucket {
  return typeof value === "object" && value !== null && "role" in value && typeof value.role === "string" &&
    "model" in value && typeof value.model === "string" && "provider" in value &&
    typeof value.provider === "string" &&
    "content" in value && (value.content === null || Array.isArray(value.content));
}

/** The bucket in the order of tapes' events; one of another shape goes out as it is stored. */
function eventBucket(node: ForeignNode): string {
  const json = text(node.bucket);
  const bucket: unknown = readJson(json);
  return isBucket(bucket) ? storeBucket(bucket).eventBucket : json;
}

/** Copies nodes of another file, parents first. One importer for one file. */
export class NodeImporter {
  readonly #roots = new Map<string, string>();

  /** `source` looks a node up in the other file. */
  constructor(private readonly source: <T>(work: (db: Reader) => T) => T) {}

  /** Copies what is not stored yet, with what it stands on; the events of what was new. */
  copy(tx: Transaction, nodes: readonly ForeignNode[]): PublishRequest[] {
    return nodes.flatMap((node) => this.#copyWithParents(tx, node));
  }

  #copyWithParents(tx: Transaction, node: ForeignNode): PublishRequest[] {
    // tapes writes parents first, so that this is one look-up; a file mended by hand may have another order.
    const due: ForeignNode[] = [node];
    const seen = new Set([node.hash]);
    for (let parent = node.parent_hash; parent !== null && !seen.has(parent) && !this.#stored(tx, parent);) {
      const wanted = parent;
      const above = this.source((db) => foreignNode(db, wanted));
      if (above === undefined) break;
      seen.add(above.hash);
      due.push(above);
      parent = above.parent_hash;
    }
    return due.toReversed().flatMap((each) => this.#insert(tx, each));
  }

  #stored(tx: Reader, hash: string): boolean {
    return this.#roots.has(hash) || hasNode(tx, hash);
  }

  #insert(tx: Transaction, node: ForeignNode): PublishRequest[] {
    // A parent that is in neither file is what tapes' own ON DELETE SET NULL leaves: none.
    const parent = node.parent_hash !== null && this.#stored(tx, node.parent_hash) ? node.parent_hash : null;
    const root = parent === null ? node.hash : this.#roots.get(parent) ?? rootOf(tx, parent);
    const row = { ...node, parent_hash: parent };
    const { changes } = tx.run(INSERT, ...COLUMNS.map((name) => row[name]));
    if (this.#roots.size >= ROOTS) this.#roots.clear();
    this.#roots.set(node.hash, root);
    if (changes === 0) return [];
    return [nodeEvent({
      root,
      occurredAt: storedToRfc3339(node.created_at),
      hash: node.hash,
      parent,
      bucket: eventBucket(node),
      stopReason: node.stop_reason,
      usage: usageOf({ ...node, bucket: null, content: null }),
      project: node.project,
    })];
  }
}
