import type { Erasure, Reader, Transaction } from "capstan";
import { OtherHeads } from "./other_heads.ts";
import { headsOf, type SubjectTurn, subjectTurns } from "./subject_turns.ts";

/** Nodes deleted in one transaction, about. */
const NODES_AT_ONCE = 200;
/** Turns deleted in one transaction. */
const TURNS_AT_ONCE = 50;

/** What was removed of the ledger. */
export interface ErasedTurns {
  turns: number;
  nodes: number;
}

/**
 * Removes the subject's turns, and the nodes that lead to them alone: from a turn's end upwards as far as nothing else
 * goes on from a node, no turn of somebody else's ends there, and it was not imported. Nodes go before the turn that
 * leads to them, so that what a crash leaves is found again.
 */
export async function eraseTurns(erasure: Erasure): Promise<ErasedTurns> {
  const { store, subject, show, signal } = erasure;
  const erased: ErasedTurns = { turns: 0, nodes: 0 };
  for (const turns of subjectTurns((work) => store.read(work), subject)) {
    const onPaths = new Set<string>();
    for (const turn of turns) store.read((db) => addPaths(db, headsOf(turn), onPaths));
    const others = await OtherHeads.find(erasure, onPaths);
    for (let rest = [...turns]; rest.length > 0;) {
      signal.throwIfAborted();
      const done = await store.write((tx) => eraseSome(tx, rest, others));
      erased.nodes += done.nodes;
      erased.turns += done.turns;
      rest = rest.slice(done.turns);
      await show({ what: "removing turns", done: turns.length - rest.length, total: turns.length });
    }
  }
  return erased;
}

/** The nodes from these up to their roots. */
function addPaths(db: Reader, heads: readonly string[], onPaths: Set<string>): void {
  for (const head of heads) {
    for (let hash: string | null = head; hash !== null && !onPaths.has(hash);) {
      onPaths.add(hash);
      hash = db.get<{ parent: string | null }>("SELECT parent_hash AS parent FROM nodes WHERE hash = ?", hash)
        ?.parent ?? null;
    }
  }
}

/** Begins at the first of the turns; a long path is taken from its end in several transactions. */
function eraseSome(tx: Transaction, turns: readonly SubjectTurn[], others: OtherHeads): ErasedTurns {
  others.catchUp(tx);
  const done: ErasedTurns = { turns: 0, nodes: 0 };
  for (const turn of turns) {
    for (const head of headsOf(turn)) {
      for (let hash: string | null = head; hash !== null && !others.has(hash);) {
        if (done.nodes >= NODES_AT_ONCE) return cut(tx, turn, { head, at: hash, done });
        const node = leaf(tx, hash);
        if (node === undefined) break;
        tx.run("DELETE FROM nodes WHERE hash = ?", hash);
        done.nodes++;
        hash = node.parent_hash;
      }
    }
    tx.run("DELETE FROM turns WHERE id = ?", turn.id);
    done.turns++;
    if (done.turns >= TURNS_AT_ONCE) break;
  }
  return done;
}

/** Leaves the turn with what of its path is left, where the next transaction goes on. */
function cut(
  tx: Transaction,
  turn: SubjectTurn,
  { head, at, done }: { head: string; at: string; done: ErasedTurns },
): ErasedTurns {
  const heads = headsOf(turn);
  const [first = null, ...rest] = heads.slice(heads.indexOf(head)).map((each) => each === head ? at : each);
  turn.head_hash = first;
  turn.other_answers = rest.length > 0 ? JSON.stringify(rest) : null;
  tx.run(
    "UPDATE turns SET head_hash = ?, other_answers = ? WHERE id = ?",
    turn.head_hash,
    turn.other_answers,
    turn.id,
  );
  return done;
}

/** A node without children that turns made; `undefined`: there is none, or it has children, or was imported. */
function leaf(tx: Transaction, hash: string): { parent_hash: string | null } | undefined {
  return tx.get<{ parent_hash: string | null }>(
    `SELECT n.parent_hash FROM nodes n CROSS JOIN tapes_tree t ON t.node = n.rowid
     WHERE n.hash = ? AND t.children = 0 AND t.at IS NULL`,
    hash,
  );
}
