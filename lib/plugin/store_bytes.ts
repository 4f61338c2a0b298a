import { statSync } from "node:fs";

/** Bytes of a SQLite file and its WAL; 0 where there is none. */
export function storeBytes(file: string): number {
  const size = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return size(file) + size(`${file}-wal`);
}
