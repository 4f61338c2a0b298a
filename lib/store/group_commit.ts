import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Connection } from "./connection.ts";
import type { Transaction } from "./contract.ts";
import { StoreError } from "./error.ts";
import { Scope } from "./scope.ts";
import { failureOf, storeError } from "./store_failure.ts";
import type { WriteTurns } from "./write_turns.ts";

/** Bounds of one commit, so that it blocks the thread for a few milliseconds at most. */
const MAX_WORKS = 256;
const MAX_BYTES = 4 * 1024 * 1024;

/** Waiting for the lock: first turns of the event loop for this long, then timers of 1 ms, in time of up to 10 ms. */
const SPIN_MS = 1;

interface Work {
  /** Runs it and keeps its result. */
  run(tx: Transaction): void;
  /** The commit is durable. */
  done(): void;
  fail(error: unknown): void;
  /** Milliseconds of `performance.now()` when it was queued. */
  queuedAt: number;
  /** Run within a savepoint, because another work of its commit has failed. */
  guarded: boolean;
}

/** What a queue of writes needs. */
export interface GroupCommitOptions {
  /** The writer. */
  connection: Connection;
  /** Milliseconds a work waits for the lock before it fails as "locked". */
  lockWaitMs: number;
  /** The other thread of this process that writes to the file. Default: there is none. */
  turns?: WriteTurns;
  /** The thread has nothing else to do: a write begins at once, and blocks it while another has the lock. Default false. */
  blocks?: boolean;
  /** Called after each commit, before what awaits it goes on. */
  onCommit(): void;
}

/** Queues writes and commits those of one turn of the event loop together. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #queue: Work[] = [];
  #scheduled = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the lock was first found taken; `undefined` while it is not. */
  #lockedSince: number | undefined;
  #idle: (() => void)[] = [];

  /** Writes by one connection, which nobody else uses. */
  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Works not yet committed. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Queues `work`; resolves with its result once it is committed. */
  write<T>(work: (tx: Transaction) => T, signal?: AbortSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise<T>((resolve, reject) => {
      let result: { value: T } | undefined;
      const entry: Work = {
        run: (tx) => {
          result = { value: work(tx) };
        },
        done: () => {
          signal?.removeEventListener("abort", abort);
          if (result) resolve(result.value);
        },
        fail: (error) => {
          signal?.removeEventListener("abort", abort);
          reject(error);
        },
        queuedAt: performance.now(),
        guarded: false,
      };
      const abort = () => {
        const at = this.#queue.indexOf(entry);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        reject(signal?.reason);
        this.#settleIdle();
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#queue.push(entry);
      this.#schedule();
    });
  }

  /** Resolves when nothing is queued. */
  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = () => this.#flush();
    if (this.#options.blocks) queueMicrotask(flush);
    else setImmediate(flush);
  }

  #flush(): void {
    this.#scheduled = false;
    clearTimeout(this.#timer);
    if (this.#queue.length > 0) {
      const { connection, turns } = this.#options;
      turns?.standBack();
      // Read before the try, so that a release between the two is noticed.
      const released = turns?.released ?? 0;
      try {
        connection.run("BEGIN IMMEDIATE");
        this.#lockedSince = undefined;
      } catch (error) {
        if (failureOf(error) === "locked") return this.#waitForLock(error, released);
        for (const work of this.#queue.splice(0)) work.fail(error);
        this.#waitNoMore();
        return this.#settleIdle();
      }
      this.#commit(connection);
      turns?.done();
    } else this.#waitNoMore();
    if (this.#queue.length > 0) this.#schedule();
    else this.#settleIdle();
  }

  /**
   * Runs works inside the open transaction up to the bounds, and ends it. A savepoint around each would cost a quarter
   * of a small write; so the first run goes without, and only when a work throws do the others run again, guarded.
   */
  #commit(connection: Connection): void {
    const batch = this.#take();
    const ran: Work[] = [];
    connection.boundBytes = 0;
    try {
      for (const [i, work] of batch.entries()) {
        if (connection.boundBytes >= MAX_BYTES) {
          this.#queue.unshift(...batch.slice(i));
          break;
        }
        const failure = runWork(connection, work);
        if (!failure) {
          ran.push(work);
          continue;
        }
        work.fail(failure.error);
        if (work.guarded && connection.inTransaction) continue;
        rollBack(connection);
        const others = [...ran, ...batch.slice(i + 1)];
        for (const other of others) other.guarded = true;
        this.#queue.unshift(...others);
        return;
      }
      connection.run("COMMIT");
    } catch (error) {
      rollBack(connection);
      const failure = storeError("commit to store", connection.file, error);
      for (const work of ran) work.fail(failure);
      return;
    }
    // What awaits these goes on after this turn, so the listeners still come first.
    for (const work of ran) work.done();
    if (ran.length > 0) this.#options.onCommit();
  }

  /** The works of one commit, all guarded or none. Taken at once: a work may queue another, for the next commit. */
  #take(): Work[] {
    const guarded = this.#queue[0]?.guarded;
    const end = this.#queue.findIndex((work) => work.guarded !== guarded);
    return this.#queue.splice(0, Math.min(MAX_WORKS, end < 0 ? this.#queue.length : end));
  }

  #waitForLock(cause: unknown, released: number): void {
    const now = performance.now();
    this.#lockedSince ??= now;
    const { connection, lockWaitMs, turns, blocks } = this.#options;
    const waiting: Work[] = [];
    for (const work of this.#queue) {
      if (now - work.queuedAt < lockWaitMs) waiting.push(work);
      else work.fail(storeError("write to store", connection.file, cause));
    }
    this.#queue = waiting;
    if (waiting.length === 0) {
      this.#waitNoMore();
      return this.#settleIdle();
    }
    const wait = Math.min(10, 1 + Math.floor((now - this.#lockedSince) / 20));
    if (turns?.role === "first" && blocks) {
      turns.block(released, wait);
      return this.#flush();
    }
    if (turns?.role === "first") {
      this.#scheduled = true;
      void turns.wait(released, wait).then(() => this.#flush());
      return;
    }
    if (now - this.#lockedSince < SPIN_MS) return this.#schedule();
    this.#scheduled = true;
    this.#timer = setTimeout(() => this.#flush(), wait);
  }

  /** What waited for the lock has failed or was taken back: nobody has to stand back any more. */
  #waitNoMore(): void {
    if (this.#lockedSince === undefined) return;
    this.#lockedSince = undefined;
    this.#options.turns?.done();
  }

  #settleIdle(): void {
    if (this.#queue.length > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Runs one work; what it threw, or `undefined`. */
function runWork(connection: Connection, work: Work): { error: unknown } | undefined {
  const scope = new Scope(connection);
  try {
    if (work.guarded) connection.run("SAVEPOINT work");
    work.run(scope);
    // A full or failing disk ends the transaction, even if the work has caught that error.
    if (!connection.inTransaction) throw new Error("SQLite rolled the transaction back");
    scope.end();
    if (work.guarded) connection.run("RELEASE work");
    return undefined;
  } catch (error) {
    scope.end();
    if (work.guarded && connection.inTransaction) {
      connection.run("ROLLBACK TO work");
      connection.run("RELEASE work");
    }
    return { error };
  }
}

/** What fails must leave no transaction open; what the rollback itself says adds nothing to that failure. */
function rollBack(connection: Connection): void {
  if (!connection.inTransaction) return;
  try {
    connection.run("ROLLBACK");
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
}
