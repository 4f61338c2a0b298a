import type { Migration, Transaction } from "./contract.ts";
import { StoreError } from "./error.ts";

const TABLE = `CREATE TABLE IF NOT EXISTS capstan_migrations (
  owner TEXT NOT NULL, version INTEGER NOT NULL, name TEXT NOT NULL, applied_at TEXT NOT NULL,
  PRIMARY KEY (owner, version)
) WITHOUT ROWID`;

/** What `migrate` works on. */
export interface MigrateOptions {
  /** For messages. */
  file: string;
  /** Whose steps these are: a plugin, or a part of the agent. */
  owner: string;
  /** All its steps, from the first. */
  migrations: readonly Migration[];
  /** Runs work in a transaction. */
  write<T>(work: (tx: Transaction) => T): Promise<T>;
}

/**
 * Applies what `owner` has not applied yet, each step in its own transaction. The version is read inside it, so
 * several processes may open a new file at once.
 * @throws {StoreError} the file has steps this program does not know.
 * @throws {RangeError} the steps are not numbered 1, 2, 3 …
 */
export async function migrate(options: MigrateOptions): Promise<void> {
  const { owner, migrations, write } = options;
  migrations.forEach((step, i) => {
    if (step.version === i + 1) return;
    throw new RangeError(
      `Cannot migrate ${owner}: step ${i + 1} has version ${step.version}; number them 1, 2, 3 …`,
    );
  });
  let applied = await write((tx) => {
    tx.run(TABLE);
    return versionOf(tx, options);
  });
  while (applied < migrations.length) {
    applied = await write((tx) => {
      const version = versionOf(tx, options);
      const step = migrations[version];
      if (!step) return version;
      step.up(tx);
      tx.run(
        "INSERT INTO capstan_migrations (owner, version, name, applied_at) VALUES (?, ?, ?, ?)",
        owner,
        step.version,
        step.name,
        new Date().toISOString(),
      );
      return step.version;
    });
  }
}

function versionOf(tx: Transaction, { file, owner, migrations }: MigrateOptions): number {
  const version = tx.get<{ version: number | null }>(
    "SELECT max(version) AS version FROM capstan_migrations WHERE owner = ?",
    owner,
  )?.version ?? 0;
  if (version <= migrations.length) return version;
  throw new StoreError(
    "other",
    `Cannot use store ${file}: its tables of ${owner} have version ${version}, this program knows ` +
      `${migrations.length}; use the newer program that wrote it`,
  );
}
