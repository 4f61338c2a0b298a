import { statSync } from "node:fs";
import { Connection } from "./connection.ts";
import { StoreError } from "./error.ts";

/** Tables that tell a file of this program, or of tapes. */
const OWN: ReadonlySet<string> = new Set(["capstan_migrations", "nodes"]);

/**
 * Looks at a file that exists before anything is changed in it: one that is neither empty nor of this program nor of
 * tapes is somebody else's, and stays as it is to the byte.
 * @throws {StoreError} it is another program's, or can't be read.
 */
export function refuseForeignFile(file: string, busyTimeoutMs: number): void {
  // Who may write copies the WAL that another program left into the file when it closes. Where there is none, who may
  // only read leaves an empty one behind.
  const left = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  using look = new Connection({ file, readOnly: left, busyTimeoutMs });
  const tables = look.all<{ name: string }>(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
  ).map(({ name }) => name);
  const [first] = tables;
  if (first === undefined || tables.some((name) => OWN.has(name))) return;
  throw new StoreError(
    "other",
    `Cannot use store ${file}: it is another program's (it has a table "${first}", and none of capstan or tapes); ` +
      "give another file",
  );
}
