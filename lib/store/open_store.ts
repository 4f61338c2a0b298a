import { closeSync, mkdirSync, openSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Connection } from "./connection.ts";
import { StoreError } from "./error.ts";
import { refuseForeignFile } from "./foreign.ts";
import { SqliteStore } from "./sqlite_store.ts";
import { failureOf, storeError } from "./store_failure.ts";
import type { WriteTurns } from "./write_turns.ts";

/** How a store is opened. */
export interface StoreOptions {
  /** Path of the file; a relative one is taken from the working directory. */
  file: string;
  /** Survive a power cut, not only the end of the process: each commit waits for the disk. Default false. */
  powerSafe?: boolean;
  /** Refuse writes; the file must exist. Default false. */
  readOnly?: boolean;
  /** Make the file and its folders where they are missing. Default true, with `readOnly` false. */
  create?: boolean;
  /** Milliseconds SQLite may block the thread for another's lock, for a Worker. Default 0: wait without blocking. */
  busyTimeoutMs?: number;
  /** Milliseconds a write waits for another's lock before it fails as "locked". Default 30,000. */
  lockWaitMs?: number;
  /**
   * Who copies the WAL into the file: the writes of this store, now and then (default), or another thread that calls
   * `checkpoint()`. Then a write here does so only when the WAL has grown beyond 256 MiB.
   */
  checkpoints?: "own" | "elsewhere";
  /** Shared with the other thread of this process that writes to the file. Default: there is none. */
  turns?: WriteTurns;
  /** KiB of pages the writer keeps in memory. Default 16,384; the reader keeps a quarter of it. */
  cacheKiB?: number;
  /** The thread has nothing else to do: writes begin at once, and wait for another's lock where they stand. Default false. */
  blocks?: boolean;
  /**
   * For erasing: pages that become free are overwritten with zeros, too, and nothing looks for rows that refer to a
   * deleted one (without an index that is a walk through the table). Default false.
   */
  erasing?: boolean;
}

/** Pages of 4 KiB after which a write copies the WAL by itself. */
const CHECKPOINT_PAGES = { own: 1_000, elsewhere: 65_536 };

/**
 * Opens a SQLite file, makes it where it is missing (0600, folders 0700), and sets it to WAL. A file of tapes opens in
 * place.
 * @throws {StoreError} the file is missing, not a database, another program's (it stays as it is), not accessible, or
 * locked for longer than `lockWaitMs`.
 */
export async function openStore(options: StoreOptions): Promise<SqliteStore> {
  const file = resolve(options.file);
  const readOnly = options.readOnly ?? false;
  const isNew = prepareFile(file, { create: options.create ?? !readOnly, readOnly });
  const lockWaitMs = options.lockWaitMs ?? 30_000;
  const busyTimeoutMs = options.busyTimeoutMs ?? 0;
  const cacheKiB = options.cacheKiB ?? 16_384;
  const opened: Connection[] = [];
  try {
    let writer: Connection | undefined;
    if (!readOnly) {
      const until = performance.now() + lockWaitMs;
      if (!isNew) await unlocked(until, () => refuseForeignFile(file, busyTimeoutMs));
      writer = new Connection({ file, busyTimeoutMs, foreignKeys: !options.erasing });
      opened.push(writer);
      await setUpWriter(writer, { ...options, isNew, lockWaitMs, cacheKiB });
    }
    // Recovery and the last close of another process hold a lock for moments that no reader can pass.
    const reader = new Connection({ file, readOnly: true, busyTimeoutMs: Math.max(busyTimeoutMs, 250) });
    opened.push(reader);
    reader.get(`PRAGMA cache_size = -${Math.ceil(cacheKiB / 4)}`);
    reader.get("SELECT count(*) FROM sqlite_schema");
    return new SqliteStore({ reader, writer, lockWaitMs, turns: options.turns, blocks: options.blocks });
  } catch (error) {
    for (const connection of opened) connection[Symbol.dispose]();
    throw error instanceof StoreError ? storeErrorOfOpening(file, error) : error;
  }
}

interface WriterOptions extends StoreOptions {
  isNew: boolean;
  lockWaitMs: number;
  cacheKiB: number;
}

async function setUpWriter(writer: Connection, options: WriterOptions): Promise<void> {
  const until = performance.now() + options.lockWaitMs;
  // Only an empty file takes it; without it the file never shrinks after an outage has filled the log.
  if (options.isNew) await unlocked(until, () => writer.get("PRAGMA auto_vacuum = INCREMENTAL"));
  const mode = await unlocked(until, () => writer.get<{ journal_mode: string }>("PRAGMA journal_mode = WAL"));
  if (mode?.journal_mode !== "wal") {
    throw new StoreError(
      "other",
      `Cannot open store ${writer.file}: its file system has no shared memory for a WAL; put it on a local disk`,
    );
  }
  // FAST: what is deleted is overwritten where its page is written anyway. Free pages are left: see `zeroFreePages`.
  writer.get(`PRAGMA secure_delete = ${options.erasing ? "ON" : "FAST"}`);
  writer.get(`PRAGMA synchronous = ${options.powerSafe ? "FULL" : "NORMAL"}`);
  writer.get(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES[options.checkpoints ?? "own"]}`);
  // A WAL that an outage of checkpoints has grown is cut back to this when it is next begun anew.
  writer.get("PRAGMA journal_size_limit = 134217728");
  writer.get(`PRAGMA cache_size = -${options.cacheKiB}`);
}

/** Runs `work` again while another connection holds the lock, without blocking the thread. */
async function unlocked<T>(until: number, work: () => T): Promise<T> {
  for (let wait = 1;; wait = Math.min(wait * 2, 20)) {
    try {
      return work();
    } catch (error) {
      if (failureOf(error) !== "locked" || performance.now() >= until) throw error;
    }
    await setTimeout(wait);
  }
}

/** Makes the file where it may and must; whether it is empty. */
function prepareFile(file: string, { create, readOnly }: { create: boolean; readOnly: boolean }): boolean {
  const found = lookAt(file);
  if (found?.isDirectory()) {
    throw new StoreError("readonly", `Cannot open store ${file}: it is a folder; name a file in it`);
  }
  if (found) return found.size === 0 && !readOnly;
  if (!create) {
    throw new StoreError(
      "readonly",
      `Cannot open store ${file}: there is no such file; check the path, or start with: capstan run`,
    );
  }
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives -wal and -shm the mode of the file.
    closeSync(openSync(file, "a", 0o600));
  } catch (cause) {
    throw inaccessible("create", file, cause);
  }
  return true;
}

function lookAt(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch (cause) {
    throw inaccessible("open", file, cause);
  }
}

function inaccessible(verb: string, file: string, cause: unknown): StoreError {
  const state = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("readonly", `Cannot ${verb} store ${file}: ${state}; check its folder`, { cause });
}

function storeErrorOfOpening(file: string, error: StoreError): StoreError {
  if (error.message.includes("open store")) return error;
  return storeError("open store", file, error.cause ?? error);
}
