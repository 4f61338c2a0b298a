import type { Transaction } from "capstan";
import { CompactRange } from "../tree/compact_range.ts";
import { frontierOf } from "../tree/subtrees.ts";

const INSERT = "INSERT INTO audit_tree (level, number, hash) VALUES (?, ?, ?)";

/** Adds leaves behind the first `size`, and every node that they complete. */
export function growTree(tx: Transaction, size: number, leaves: readonly Uint8Array[]): void {
  if (leaves.length === 0) return;
  const range = CompactRange.from(size, frontierOf(size).map((subtree) => hashOf(tx, subtree)));
  for (const leaf of leaves) {
    range.append(leaf, ({ level, number }, hash) => void tx.run(INSERT, level, number, hash));
  }
}

function hashOf(tx: Transaction, { level, number }: { level: number; number: number }): Uint8Array {
  const found = tx.get<{ hash: Uint8Array }>(
    "SELECT hash FROM audit_tree WHERE level = ? AND number = ?",
    level,
    number,
  );
  if (found) return found.hash;
  throw new Error(
    `Cannot add to the tree of the trail: node ${level}/${number} is missing; run capstan audit verify`,
  );
}
