import { DatabaseSync } from "node:sqlite";

/** The version of the SQLite that stores are opened with: `3.53.1`. */
export function sqliteVersion(): string {
  const db = new DatabaseSync(":memory:");
  try {
    return String(db.prepare("SELECT sqlite_version() AS version").get()?.version);
  } finally {
    db.close();
  }
}
