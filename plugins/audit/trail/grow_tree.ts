import { createHash } from "node:crypto";
import type { Transaction } from "capstan";

const NODE = Uint8Array.of(1);
const INSERT = "INSERT INTO audit_tree (level, number, hash) VALUES (?, ?, ?)";

/** Adds leaf `number` and every node that it completes; a node is SHA-256 of a byte of 1 and its children. */
export function addLeaf(tx: Transaction, number: number, leaf: Uint8Array): void {
  let hash = leaf;
  let at = number;
  for (let level = 0;; level++) {
    tx.run(INSERT, level, at, hash);
    if (at % 2 === 0) return;
    const left = tx.get<{ hash: Uint8Array }>(
      "SELECT hash FROM audit_tree WHERE level = ? AND number = ?",
      level,
      at - 1,
    );
    if (!left) {
      throw new Error(
        `Cannot add leaf ${number} to the tree of the trail: node ${level}/${at - 1} is missing`,
      );
    }
    hash = createHash("sha256").update(NODE).update(left.hash).update(hash).digest();
    at = (at - 1) / 2;
  }
}
