import type { Erasure, Reader } from "capstan";

/** Rows looked at in one read, blobs deleted in one transaction. */
const STEP = 20_000;
const AT_ONCE = 100;

/** Removes system prompts and lists of tools that no turn refers to; gives how many. */
export async function eraseBlobs({ store, show, signal }: Erasure): Promise<number> {
  const unused = new Set(
    store.read((db) => db.all<{ hash: string }>("SELECT hash FROM blobs").map(({ hash }) => hash)),
  );
  let upTo = 0;
  /** Forgets those that turns up to `to` refer to. */
  const keep = (db: Reader, to: number) => {
    const turns = db.iterate<{ system_hash: string | null; tools_hash: string | null }>(
      "SELECT system_hash, tools_hash FROM turns WHERE id > ? AND id <= ?",
      upTo,
      to,
    );
    for (const { system_hash, tools_hash } of turns) {
      for (const hash of [system_hash, tools_hash]) if (hash !== null) unused.delete(hash);
    }
    upTo = to;
  };
  const last = store.read(newest);
  while (upTo < last && unused.size > 0) {
    signal.throwIfAborted();
    store.read((db) => keep(db, Math.min(last, upTo + STEP)));
    await show({ what: "looking for shared prompts", done: upTo, total: last });
  }
  let removed = 0;
  while (unused.size > 0) {
    removed += await store.write((tx) => {
      // What was entered since; the deriver stores a blob in the transaction of the turn that has it.
      keep(tx, newest(tx));
      const now = [...unused].slice(0, AT_ONCE);
      for (const hash of now) unused.delete(hash);
      return tx.run("DELETE FROM blobs WHERE hash IN (SELECT value FROM json_each(?))", JSON.stringify(now))
        .changes;
    });
  }
  return removed;
}

function newest(db: Reader): number {
  return db.get<{ id: number | null }>("SELECT max(id) AS id FROM turns")?.id ?? 0;
}
