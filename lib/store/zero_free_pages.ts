import type { Store } from "./contract.ts";

/** Bytes written in one transaction. */
const AT_ONCE = 4 * 1024 * 1024;

/** How it goes. */
export interface ZeroOptions {
  /** Called after each transaction with the pages written so far. */
  onStep?(pages: number): Promise<void>;
  /** Stops between two transactions. */
  signal?: AbortSignal;
}

/**
 * Overwrites the free pages of a file, which hold what was deleted before, with zeros: rows of zeros take all of them
 * and go again. `store` was opened for erasing. Works whatever the file's auto_vacuum is. Gives how many pages.
 * @throws {unknown} the signal's reason.
 */
export async function zeroFreePages(store: Store, { onStep, signal }: ZeroOptions = {}): Promise<number> {
  const { size, free } = store.read((db) => ({
    size: db.get<{ page_size: number }>("PRAGMA page_size")?.page_size ?? 4_096,
    free: db.get<{ freelist_count: number }>("PRAGMA freelist_count")?.freelist_count ?? 0,
  }));
  let left = free;
  let written = 0;
  try {
    while (left > 0) {
      signal?.throwIfAborted();
      const pages = Math.min(left, AT_ONCE / size);
      left = await store.write((tx) => {
        tx.run("CREATE TABLE IF NOT EXISTS capstan_zeros (zeros BLOB)");
        tx.run("INSERT INTO capstan_zeros VALUES (zeroblob(?))", pages * size);
        return tx.get<{ freelist_count: number }>("PRAGMA freelist_count")?.freelist_count ?? 0;
      });
      written += pages;
      await onStep?.(written);
    }
  } finally {
    await dropZeros(store);
  }
  return written;
}

/** In steps: freed pages are written once more. */
async function dropZeros(store: Store): Promise<void> {
  const made = store.read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'capstan_zeros'"));
  if (!made) return;
  const one = "DELETE FROM capstan_zeros WHERE rowid = (SELECT min(rowid) FROM capstan_zeros)";
  while (await store.write((tx) => tx.run(one).changes) > 0);
  await store.write((tx) => tx.run("DROP TABLE IF EXISTS capstan_zeros"));
}
