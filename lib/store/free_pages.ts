import type { Store } from "./contract.ts";

/** Free pages are used again first; only when this much of the file is free is it worth making the file smaller. */
const WORTH_PAGES = 16_384;
const WORTH_SHARE = 0.25;

/**
 * Gives free pages at the end of the file back to the disk, `maxPages` at most (default 1,000, some milliseconds of
 * the write lock). Returns how many; 0 where it isn't worth it, or the file was made by another program.
 */
export async function giveBackFreePages(store: Store, options: { maxPages?: number } = {}): Promise<number> {
  const before = store.read((db) => ({
    free: db.get<{ freelist_count: number }>("PRAGMA freelist_count")?.freelist_count ?? 0,
    pages: db.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0,
    incremental: db.get<{ auto_vacuum: number }>("PRAGMA auto_vacuum")?.auto_vacuum === 2,
  }));
  if (!before.incremental || before.free < WORTH_PAGES || before.free < before.pages * WORTH_SHARE) return 0;
  const wanted = Math.min(options.maxPages ?? 1_000, before.free);
  await store.write((tx) => tx.all(`PRAGMA incremental_vacuum(${Math.floor(wanted)})`));
  const after = store.read((db) => db.get<{ page_count: number }>("PRAGMA page_count")?.page_count ?? 0);
  return Math.max(0, before.pages - after);
}
