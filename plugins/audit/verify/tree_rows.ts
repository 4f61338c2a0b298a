import type { Reader } from "capstan";
import type { Subtree } from "../tree/subtrees.ts";

/** Rows read at once, of the leaves; of each level above half of it. */
const CHUNK = 4096;
/** Rows read at once at least. */
const LEAST = 32;

interface TreeRow {
  readonly number: number;
  readonly hash: Uint8Array;
}

/** Reads `audit_tree` from left to right on every level at once, in chunks. */
export class TreeRows {
  readonly #levels: { rows: TreeRow[]; at: number; next: number }[] = [];

  constructor(private readonly read: <T>(work: (db: Reader) => T) => T) {}

  /** The hash of a subtree; on each level those asked for must grow. */
  take({ level, number }: Subtree): Uint8Array | undefined {
    const lane = this.#levels[level] ??= { rows: [], at: 0, next: number };
    for (;;) {
      const row = lane.rows[lane.at];
      if (!row) {
        if (number < lane.next) return undefined;
        lane.rows = this.#chunk(level, number);
        lane.at = 0;
        lane.next = (lane.rows.at(-1)?.number ?? Infinity) + 1;
        if (lane.rows.length === 0) return undefined;
      } else if (row.number < number) lane.at++;
      else return row.number === number ? row.hash : undefined;
    }
  }

  #chunk(level: number, from: number): TreeRow[] {
    const limit = Math.max(LEAST, Math.floor(CHUNK / 2 ** level));
    const sql = "SELECT number, hash FROM audit_tree WHERE level = ? AND number >= ? ORDER BY number LIMIT ?";
    return this.read((db) => db.all<TreeRow>(sql, level, from, limit));
  }
}
