import { CompactRange } from "../../../../plugins/audit/tree/compact_range.ts";
import type { SubtreeHashes } from "../../../../plugins/audit/tree/subtrees.ts";

/** A tree held in memory, as `audit_tree` holds one. */
export interface Tree {
  hashes: SubtreeHashes;
  edge: CompactRange;
}

/** The tree over leaves' hashes. */
export function treeOf(leaves: readonly Uint8Array[]): Tree {
  const kept = new Map<string, Uint8Array>();
  const edge = new CompactRange();
  for (const leaf of leaves) {
    edge.append(leaf, ({ level, number }, hash) => void kept.set(`${level}/${number}`, hash));
  }
  return {
    edge,
    hashes: ({ level, number }) => {
      const hash = kept.get(`${level}/${number}`);
      if (!hash) throw new Error(`no subtree ${level}/${number}`);
      return hash;
    },
  };
}
