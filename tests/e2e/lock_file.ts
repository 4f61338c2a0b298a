import { Connection } from "../../lib/store/connection.ts";

/** Holds the write lock of a file, as a backup or another program may, until it is disposed of. */
export function lockFile(file: string): Disposable {
  const connection = new Connection({ file, busyTimeoutMs: 5000 });
  connection.run("BEGIN IMMEDIATE");
  return {
    [Symbol.dispose]() {
      connection.run("ROLLBACK");
      connection[Symbol.dispose]();
    },
  };
}
