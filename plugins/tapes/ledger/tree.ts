import type { Reader } from "capstan";

/** Figures of the tree of nodes. */
export interface TreeStats {
  nodes: number;
  roots: number;
  leaves: number;
}

/** Nodes counted in one read. */
const STEP = 50_000;

/** Counts the tree in steps of a few milliseconds each; the caller lets others run between them. */
export function* treeStats(read: <T>(work: (db: Reader) => T) => T): Generator<void, TreeStats> {
  const stats: TreeStats = { nodes: 0, roots: 0, leaves: 0 };
  for (let last: number | null = 0;;) {
    const after: number = last;
    const step = read((db) =>
      db.get<TreeStats & { last: number | null }>(
        `SELECT count(*) AS nodes, total(root) AS roots, total(children = 0) AS leaves, max(node) AS last
         FROM (SELECT * FROM tapes_tree WHERE node > ? ORDER BY node LIMIT ${STEP})`,
        after,
      )
    );
    if (!step || step.last === null) return stats;
    stats.nodes += step.nodes;
    stats.roots += step.roots;
    stats.leaves += step.leaves;
    last = step.last;
    yield;
  }
}

/** Hashes of nodes without children, in their order, behind `after`. */
export function leaves(db: Reader, after: string, max: number): string[] {
  return db.all<{ hash: string }>(
    `SELECT hash FROM nodes n WHERE hash > ? AND (SELECT children FROM tapes_tree WHERE node = n.rowid) = 0
     ORDER BY hash LIMIT ?`,
    after,
    max,
  ).map(({ hash }) => hash);
}
