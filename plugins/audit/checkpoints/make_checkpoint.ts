import type { Reader, Transaction } from "capstan";
import { originOf, signCheckpoint } from "../tree/checkpoint.ts";
import type { NoteSigner } from "../tree/note_keys.ts";
import { treeRoot } from "../tree/proofs.ts";
import type { SubtreeHashes } from "../tree/subtrees.ts";
import { writerOf } from "../trail/writer.ts";

/** A signed checkpoint over all records there are. */
export interface MadeCheckpoint {
  readonly writer: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** Signs a checkpoint over the records of one snapshot. */
export function makeCheckpoint(db: Reader, signers: readonly NoteSigner[]): MadeCheckpoint {
  const writer = writerOf(db);
  if (!writer) throw new Error("Cannot sign a checkpoint: nothing was written yet");
  const { id, next: size } = writer;
  const root = treeRoot(storedHashes(db), size);
  return { writer: id, size, root, note: signCheckpoint({ origin: originOf(id), size, root }, signers) };
}

/** Keeps a checkpoint beside the records. */
export function storeCheckpoint(tx: Transaction, { size, root, note }: MadeCheckpoint, now: number): void {
  tx.run(
    "INSERT OR IGNORE INTO audit_checkpoints (size, time_ms, root, note) VALUES (?, ?, ?, ?)",
    ...[size, now, root, note],
  );
}

/** Hashes as `audit_tree` has them. */
export function storedHashes(db: Reader): SubtreeHashes {
  return ({ level, number }) => {
    const row = db.get<{ hash: Uint8Array }>(
      "SELECT hash FROM audit_tree WHERE level = ? AND number = ?",
      level,
      number,
    );
    if (row) return row.hash;
    throw new Error(
      `Cannot read the tree of the trail: node ${level}/${number} is missing; run capstan audit verify`,
    );
  };
}
