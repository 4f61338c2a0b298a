import type { Migration } from "capstan";

/** The plugin's tables. */
export const AUDIT_MIGRATIONS: readonly Migration[] = [
  step(1, "the trail, its tree, checkpoints and keys", [
    // One row: who writes here, the next number, the hash of the last record, the public key
    // that signs, and the newest turn of the ledger when it began.
    `CREATE TABLE audit_writer (
      id TEXT NOT NULL PRIMARY KEY,
      next_seq INTEGER NOT NULL,
      head TEXT NOT NULL,
      signer TEXT,
      turns_from INTEGER
    )`,
    // record: its bytes. What is beside it is for look-ups alone; the record counts. source: what it was made of, which
    // makes one record however often it comes.
    `CREATE TABLE audit_records (
      seq INTEGER NOT NULL PRIMARY KEY,
      time_ms REAL NOT NULL,
      kind TEXT NOT NULL,
      tenant TEXT NOT NULL,
      subject TEXT,
      request_id TEXT,
      source TEXT,
      record BLOB NOT NULL
    )`,
    `CREATE INDEX audit_records_time ON audit_records (time_ms)`,
    `CREATE INDEX audit_records_subject ON audit_records (subject, seq) WHERE subject IS NOT NULL`,
    `CREATE UNIQUE INDEX audit_records_source ON audit_records (source) WHERE source IS NOT NULL`,
    // Hashes of the tree: level 0 are leaves, number n of level l covers the leaves n·2^l to (n+1)·2^l - 1. Whole ones.
    `CREATE TABLE audit_tree (
      level INTEGER NOT NULL,
      number INTEGER NOT NULL,
      hash BLOB NOT NULL,
      PRIMARY KEY (level, number)
    ) WITHOUT ROWID`,
    // note: the signed checkpoint, as C2SP tlog-checkpoint has it.
    `CREATE TABLE audit_checkpoints (
      size INTEGER NOT NULL PRIMARY KEY,
      time_ms REAL NOT NULL,
      root BLOB NOT NULL,
      note TEXT NOT NULL
    )`,
    // wrapped: the subject's key under the master key; null once it is destroyed.
    `CREATE TABLE audit_keys (
      id TEXT NOT NULL PRIMARY KEY,
      tenant TEXT NOT NULL,
      subject TEXT NOT NULL,
      master TEXT NOT NULL,
      wrapped BLOB,
      made_ms REAL NOT NULL,
      destroyed_ms REAL
    )`,
    `CREATE INDEX audit_keys_subject ON audit_keys (tenant, subject)`,
    // Keys of the trail's own under the master key: fingerprint, intake.
    `CREATE TABLE audit_secrets (name TEXT NOT NULL PRIMARY KEY, master TEXT NOT NULL, wrapped BLOB NOT NULL)`,
  ]),
  step(2, "legal holds", [
    // What must not be removed: of all tenants where there is none, of all subjects where there is none. Times are those
    // at which records were entered. hold and lift are records, too.
    `CREATE TABLE audit_holds (
      id TEXT NOT NULL PRIMARY KEY,
      tenant TEXT,
      subject TEXT,
      from_ms REAL,
      to_ms REAL,
      reason TEXT NOT NULL,
      made_ms REAL NOT NULL,
      lifted_ms REAL
    )`,
  ]),
];

function step(version: number, name: string, statements: readonly string[]): Migration {
  return { version, name, up: (tx) => statements.forEach((statement) => void tx.run(statement)) };
}
