/** What SQLite stores. `boolean`, `undefined` and `Date` are refused before they reach it. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** One result row, by column name. */
export type SqlRow = Record<string, SqlValue>;

/** Reads. Statements are prepared once per connection and kept. */
export interface Reader {
  /** The first row, or `undefined` where there is none. */
  get<T = SqlRow>(sql: string, ...params: SqlValue[]): T | undefined;
  /** All rows. */
  all<T = SqlRow>(sql: string, ...params: SqlValue[]): T[];
  /** Rows one by one; must be consumed inside the function that was given the reader. */
  iterate<T = SqlRow>(sql: string, ...params: SqlValue[]): IterableIterator<T>;
}

/** An open write transaction. It ends when the function it was given to returns; it must not be kept. */
export interface Transaction extends Reader {
  /** Runs a statement that gives no rows. */
  run(sql: string, ...params: SqlValue[]): { changes: number; lastInsertRowid: number };
}

/** A step of a schema, applied once, in the order of `version` (1, 2, 3 …), in its own transaction. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  version: number;
  /** What the step does, in a few words. */
  name: string;
  /** The SQL of the step. */
  up(tx: Transaction): void;
}

/** Why the store could not do its work. */
export type StoreFailure =
  | "locked"
  | "full"
  | "readonly"
  | "corrupt"
  | "closed"
  | "io"
  | "constraint"
  | "other";

/** One SQLite file. Every method may be called from one thread; each thread opens its own `Store`. */
export interface Store extends AsyncDisposable {
  /** Absolute path of the file. */
  readonly file: string;
  /**
   * Runs `work` in the next group commit and resolves with its result once that commit is durable.
   * `work` is synchronous and short. If it throws, its own writes alone are rolled back and the promise rejects
   * with what it threw. It may be run a second time, when another work of its commit failed: it must have no effect
   * but on `tx`. While another connection holds the write lock the store waits without blocking the thread,
   * until `signal` aborts.
   * @throws {StoreError} the commit failed; nothing of `work` is stored.
   */
  write<T>(work: (tx: Transaction) => T, options?: { signal?: AbortSignal }): Promise<T>;
  /** Reads on a connection of its own, in one snapshot; never waits for writers. `work` is synchronous. */
  read<T>(work: (db: Reader) => T): T;
  /** Applies what `owner` has not applied yet. */
  migrate(owner: string, migrations: readonly Migration[]): Promise<void>;
  /** Commits what is queued, then closes. Safe twice. */
  close(): Promise<void>;
}
