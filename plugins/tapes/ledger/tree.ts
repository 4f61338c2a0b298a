import type { Reader } from "capstan";

/** Figures of the tree of nodes. */
export interface TreeStats {
  nodes: number;
  roots: number;
  leaves: number;
}

/** Parents counted in one read. */
const STEP = 20_000;

/** Counts the tree in steps of a few milliseconds each; the caller lets others run between them. */
export function* treeStats(read: <T>(work: (db: Reader) => T) => T): Generator<void, TreeStats> {
  const roots = read((db) =>
    db.get<{ n: number }>("SELECT count(*) AS n FROM nodes WHERE parent_hash IS NULL")?.n ?? 0
  );
  let children = 0, parents = 0;
  for (let last: string | null = "";;) {
    yield;
    const after: string = last;
    const step = read((db) =>
      db.get<{ children: number | null; parents: number; last: string | null }>(
        `SELECT sum(n) AS children, count(*) AS parents, max(p) AS last FROM (
           SELECT parent_hash AS p, count(*) AS n FROM nodes WHERE parent_hash > ? GROUP BY parent_hash
           ORDER BY parent_hash LIMIT ${STEP})`,
        after,
      )
    );
    children += step?.children ?? 0;
    parents += step?.parents ?? 0;
    last = step?.last ?? null;
    if (last === null) break;
  }
  return { nodes: roots + children, roots, leaves: roots + children - parents };
}

/** Hashes of nodes without children, in their order, behind `after`. */
export function leaves(db: Reader, after: string, max: number): string[] {
  return db.all<{ hash: string }>(
    `SELECT hash FROM nodes n WHERE hash > ? AND NOT EXISTS (SELECT 1 FROM nodes c WHERE c.parent_hash = n.hash)
     ORDER BY hash LIMIT ?`,
    after,
    max,
  ).map(({ hash }) => hash);
}
