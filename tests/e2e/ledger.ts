import { openStore } from "../../lib/store/open_store.ts";

/** Rows of the tapes plugin's tables, read from the file by its declared views. */
export async function ledgerOf(file: string): Promise<{ turns: number; nodes: number }> {
  await using store = await openStore({ file, readOnly: true });
  const count = (view: string) =>
    store.read((db) => db.get<{ rows: number }>(`SELECT count(*) AS rows FROM ${view}`))?.rows ?? 0;
  return { turns: count("tapes_turns_v1"), nodes: count("tapes_nodes_v1") };
}
