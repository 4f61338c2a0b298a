import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { SqlRow, SqlValue, Transaction } from "./contract.ts";
import { isSqliteError, storeError } from "./store_failure.ts";

/** How a connection is opened. */
export interface ConnectionOptions {
  /** Path of an existing file. */
  file: string;
  /** Refuses writes. Default false. */
  readOnly?: boolean;
  /** Milliseconds SQLite may block the thread while another connection holds a lock. Default 0. */
  busyTimeoutMs?: number;
  /** Whether rows must have those they refer to. Default true. */
  foreignKeys?: boolean;
}

/** Prepared statements kept per connection; the oldest goes when SQL is made up without end. */
const STATEMENTS_KEPT = 512;

/** One connection: prepared statements by their text, arguments checked, errors named. */
export class Connection implements Transaction, Disposable {
  /** The file it is open on. */
  readonly file: string;
  /** Bytes of text and blobs bound by `run` since this was last set to 0; bounds a group commit. */
  boundBytes = 0;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * Opens a file that exists.
   * @throws {StoreError} the file can't be opened.
   */
  constructor(options: ConnectionOptions) {
    this.file = options.file;
    try {
      this.#db = new DatabaseSync(options.file, {
        readOnly: options.readOnly ?? false,
        timeout: options.busyTimeoutMs ?? 0,
        enableForeignKeyConstraints: options.foreignKeys ?? true,
      });
    } catch (error) {
      throw storeError("open store", options.file, error);
    }
  }

  /** Whether a transaction is open. SQLite ends one by itself when the disk is full or fails. */
  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** The first row, or `undefined` where there is none. */
  get<T = SqlRow>(sql: string, ...params: SqlValue[]): T | undefined {
    try {
      const row: unknown = this.#prepare(sql).get(...checked(params));
      return row as T | undefined;
    } catch (error) {
      throw this.#named("read", error);
    }
  }

  /** All rows. */
  all<T = SqlRow>(sql: string, ...params: SqlValue[]): T[] {
    try {
      const rows: unknown = this.#prepare(sql).all(...checked(params));
      return rows as T[];
    } catch (error) {
      throw this.#named("read", error);
    }
  }

  /** Rows one by one. Ends with the read or transaction it was begun in. */
  *iterate<T = SqlRow>(sql: string, ...params: SqlValue[]): IterableIterator<T> {
    const statement = this.#prepare(sql);
    // Taken out while it steps, so that the same SQL may be run inside the loop.
    this.#statements.delete(sql);
    try {
      for (const row of statement.iterate(...checked(params))) {
        const value: unknown = row;
        yield value as T;
      }
    } catch (error) {
      throw this.#named("read", error);
    } finally {
      this.#statements.set(sql, statement);
    }
  }

  /** Runs one statement that gives no rows. */
  run(sql: string, ...params: SqlValue[]): { changes: number; lastInsertRowid: number } {
    try {
      for (const value of params) {
        if (typeof value === "string") this.boundBytes += value.length;
        else if (value instanceof Uint8Array) this.boundBytes += value.byteLength;
      }
      const { changes, lastInsertRowid } = this.#prepare(sql).run(...checked(params));
      return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
    } catch (error) {
      throw this.#named("write to", error);
    }
  }

  /** Closes; safe twice. */
  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    if (kept) return kept;
    const statement = this.#db.prepare(sql);
    const rest = sql.slice(statement.sourceSQL.length).replace(/^[\s;]+/, "");
    if (rest !== "") {
      // SQLite would ignore it without a word.
      throw new TypeError(`Cannot prepare SQL: a second statement follows the first: ${rest.slice(0, 60)}`);
    }
    if (this.#statements.size >= STATEMENTS_KEPT) {
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    this.#statements.set(sql, statement);
    return statement;
  }

  #named(verb: string, error: unknown): unknown {
    return isSqliteError(error) ? storeError(`${verb} store`, this.file, error) : error;
  }
}

/** Refuses what node:sqlite would store as NULL without a word. */
function checked(params: SqlValue[]): SqlValue[] {
  for (let i = 0; i < params.length; i++) {
    const value: unknown = params[i];
    if (value === null || typeof value === "string" || typeof value === "bigint") continue;
    if (typeof value === "number" ? !Number.isNaN(value) : value instanceof Uint8Array) continue;
    const kind = value instanceof Date ? "a Date" : typeof value === "number" ? "NaN" : typeof value;
    throw new TypeError(
      `Cannot bind SQL parameter ${i + 1}: ${kind} has no form in SQLite; convert it before`,
    );
  }
  return params;
}
