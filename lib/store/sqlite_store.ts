import { checkpoint, type CheckpointResult, truncateWal } from "./checkpoint.ts";
import type { Connection } from "./connection.ts";
import type { Migration, Reader, Store, Transaction } from "./contract.ts";
import { StoreError } from "./error.ts";
import { GroupCommit } from "./group_commit.ts";
import { migrate } from "./migrate.ts";
import { inSnapshot } from "./scope.ts";
import type { WriteTurns } from "./write_turns.ts";

/** The two connections of a store. Without a writer it is read-only. */
export interface Connections {
  /** For snapshots. */
  reader: Connection;
  /** For transactions. */
  writer?: Connection;
  /** Milliseconds a write waits for another process's lock before it fails. */
  lockWaitMs: number;
  /** The other thread of this process that writes to the file. */
  turns?: WriteTurns;
  /** Writes begin at once and block the thread while they wait. */
  blocks?: boolean;
}

/** One SQLite file, as `openStore` gives it. */
export class SqliteStore implements Store {
  /** Absolute path of the file. */
  readonly file: string;
  readonly #reader: Connection;
  readonly #writer: Connection | undefined;
  readonly #commits: GroupCommit | undefined;
  readonly #listeners = new Set<() => void>();
  #closing: Promise<void> | undefined;

  /** Use `openStore`. */
  constructor({ reader, writer, lockWaitMs, turns, blocks }: Connections) {
    this.file = reader.file;
    this.#reader = reader;
    this.#writer = writer;
    if (!writer) return;
    this.#commits = new GroupCommit({
      connection: writer,
      lockWaitMs,
      turns,
      blocks,
      onCommit: () => {
        for (const listener of this.#listeners) listener();
      },
    });
  }

  /** Whether it refuses writes. */
  get readOnly(): boolean {
    return this.#writer === undefined;
  }

  /** Writes that wait for their commit. */
  get queued(): number {
    return this.#commits?.queued ?? 0;
  }

  /** See `Store`. */
  write<T>(work: (tx: Transaction) => T, options?: { signal?: AbortSignal }): Promise<T> {
    if (this.#closing) return Promise.reject(this.#closed("write to"));
    if (this.#commits) return this.#commits.write(work, options?.signal);
    return Promise.reject(
      new StoreError("readonly", `Cannot write to store ${this.file}: it was opened for reading only`),
    );
  }

  /** See `Store`. */
  read<T>(work: (db: Reader) => T): T {
    if (this.#closing) throw this.#closed("read");
    return inSnapshot(this.#reader, work);
  }

  /** See `Store`. */
  async migrate(owner: string, migrations: readonly Migration[]): Promise<void> {
    await migrate({ file: this.file, owner, migrations, write: (work) => this.write(work) });
  }

  /** Calls `listener` after each commit of this store, before its promises resolve. Returns what ends that. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Copies the WAL into the file; blocks the thread meanwhile, so it is work for a Worker.
   * @throws {StoreError} the file can't be written.
   */
  checkpoint(): CheckpointResult {
    if (this.#closing) throw this.#closed("checkpoint");
    if (this.#writer) return checkpoint(this.#writer);
    throw new StoreError("readonly", `Cannot checkpoint store ${this.file}: it was opened for reading only`);
  }

  /**
   * Copies the WAL into the file and cuts it to nothing; `false`: somebody reads or writes just now.
   * @throws {StoreError} the file can't be written.
   */
  truncateWal(): boolean {
    if (this.#closing) throw this.#closed("checkpoint");
    if (this.#writer) return truncateWal(this.#writer);
    throw new StoreError("readonly", `Cannot checkpoint store ${this.file}: it was opened for reading only`);
  }

  /** See `Store`. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#commits?.drained();
      this.#listeners.clear();
      this.#reader[Symbol.dispose]();
      this.#writer?.[Symbol.dispose]();
    })();
    return this.#closing;
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #closed(verb: string): StoreError {
    return new StoreError("closed", `Cannot ${verb} store ${this.file}: it is closed`);
  }
}
