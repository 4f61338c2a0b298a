import { clearInterval, setInterval } from "node:timers";

/** Places in the shared memory. */
const WAITING = 0;
const RELEASED = 1;
const COMMITS = 2;
const PLACES = 3;

/** Milliseconds the second thread stands back for the first at most; should the first hang, the other goes on. */
const STAND_BACK_MS = 100;

/** Milliseconds of a timer that has nothing to do. */
const ALIVE_MS = 60_000;

/**
 * Who writes next, where threads of one process write to one file: SQLite lets one of them in at a time and wakes
 * nobody. The first thread must never wait long; the second stands back while the first waits, and tells it when the
 * lock is free. The thread that appends for the first takes its part, and the two tell each other.
 */
export class WriteTurns {
  /** Given to the other thread, which makes its own `WriteTurns` of it. */
  readonly memory: SharedArrayBuffer;
  readonly #places: Int32Array;

  /** Of the two threads the first must never wait long. Without memory it makes its own. */
  constructor(readonly role: "first" | "second", memory?: SharedArrayBuffer) {
    this.memory = memory ?? new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT);
    this.#places = new Int32Array(this.memory);
  }

  /** Commits of the first thread so far; wraps around. */
  get commits(): number {
    return Atomics.load(this.#places, COMMITS);
  }

  /** Whether the first thread waits for the lock, and the second stands back. */
  get waiting(): boolean {
    return Atomics.load(this.#places, WAITING) === 1;
  }

  /** How often a thread has let go of the lock; to be read before trying for it. */
  get released(): number {
    return Atomics.load(this.#places, RELEASED);
  }

  /** First thread, where it has nothing else to do: as `wait`, and blocks it. */
  block(released: number, timeoutMs: number): void {
    Atomics.store(this.#places, WAITING, 1);
    Atomics.wait(this.#places, RELEASED, released, timeoutMs);
  }

  /** First thread: says that it waits. Resolves when another lets go, or has since `released` was read. */
  wait(released: number, timeoutMs: number): Promise<void> {
    Atomics.store(this.#places, WAITING, 1);
    const { async, value } = Atomics.waitAsync(this.#places, RELEASED, released, timeoutMs);
    if (!async) return Promise.resolve();
    // A process with nothing else to wait for would end meanwhile.
    const alive = setInterval(() => {}, ALIVE_MS);
    return value.then(() => clearInterval(alive));
  }

  /** Second thread: blocks while the first waits for the lock. Call it before every try. */
  standBack(): void {
    if (this.role === "second") Atomics.wait(this.#places, WAITING, 1, STAND_BACK_MS);
  }

  /** Any thread: it holds the lock no more. */
  done(): void {
    if (this.role === "first") {
      Atomics.add(this.#places, COMMITS, 1);
      if (Atomics.exchange(this.#places, WAITING, 0) === 1) Atomics.notify(this.#places, WAITING);
    }
    Atomics.add(this.#places, RELEASED, 1);
    Atomics.notify(this.#places, RELEASED);
  }
}
