import type { Reader, SqlRow, SqlValue, Transaction } from "./contract.ts";
import type { Connection } from "./connection.ts";
import { StoreError } from "./error.ts";

/** A connection lent for the time of one read or write; of no use to who keeps it longer. */
export class Scope implements Transaction {
  #connection: Connection | undefined;
  readonly #file: string;
  readonly #iterators = new Set<IterableIterator<unknown>>();

  /** Lends `connection`, until `end`. */
  constructor(connection: Connection) {
    this.#connection = connection;
    this.#file = connection.file;
  }

  /** The first row, or `undefined` where there is none. */
  get<T = SqlRow>(sql: string, ...params: SqlValue[]): T | undefined {
    return this.#open().get<T>(sql, ...params);
  }

  /** All rows. */
  all<T = SqlRow>(sql: string, ...params: SqlValue[]): T[] {
    return this.#open().all<T>(sql, ...params);
  }

  /** Rows one by one; ends with the scope. */
  iterate<T = SqlRow>(sql: string, ...params: SqlValue[]): IterableIterator<T> {
    const iterator = this.#open().iterate<T>(sql, ...params);
    this.#iterators.add(iterator);
    return iterator;
  }

  /** Runs one statement that gives no rows. */
  run(sql: string, ...params: SqlValue[]): { changes: number; lastInsertRowid: number } {
    return this.#open().run(sql, ...params);
  }

  /** Ends it, and every loop still open in it. */
  end(): void {
    for (const iterator of this.#iterators) iterator.return?.();
    this.#iterators.clear();
    this.#connection = undefined;
  }

  #open(): Connection {
    if (this.#connection) return this.#connection;
    throw new StoreError(
      "closed",
      `Cannot use a transaction of ${this.#file}: it has ended; do all its work before the function returns`,
    );
  }
}

/** Runs `work` in one snapshot of `connection`. Inside another snapshot it shares that one. */
export function inSnapshot<T>(connection: Connection, work: (db: Reader) => T): T {
  const nested = connection.inTransaction;
  if (!nested) connection.run("BEGIN");
  const scope = new Scope(connection);
  try {
    return work(scope);
  } finally {
    scope.end();
    if (!nested) connection.run("COMMIT");
  }
}
