import { clearTimeout, setTimeout } from "node:timers";
import type { Store } from "../../store/contract.ts";

interface Waiter {
  topics: ReadonlySet<string>;
  resolve(): void;
}

/** Wakes readers: at once when this process appends, within a poll when another one does. */
export class LocalWakeups {
  readonly #store: Store;
  readonly #pollMs: number;
  readonly #waiters = new Set<Waiter>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #version: number | undefined;

  /** Looks for the commits of others every `pollMs`, while somebody waits. */
  constructor(store: Store, pollMs: number) {
    this.#store = store;
    this.#pollMs = pollMs;
  }

  /** Resolves when one of `topics` may have more, `ms` have passed, or one of `signals` aborts. */
  wait(topics: ReadonlySet<string>, ms: number, signals: readonly AbortSignal[]): Promise<void> {
    if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        topics,
        resolve: () => {
          clearTimeout(timer);
          for (const signal of signals) signal.removeEventListener("abort", waiter.resolve);
          this.#waiters.delete(waiter);
          if (this.#waiters.size === 0) this.#stopPolling();
          resolve();
        },
      };
      const timer = setTimeout(waiter.resolve, ms);
      for (const signal of signals) signal.addEventListener("abort", waiter.resolve, { once: true });
      this.#waiters.add(waiter);
      this.#timer ??= setTimeout(() => this.#poll(), this.#pollMs);
    });
  }

  /** Wakes who waits for one of `topics`, or everybody. */
  wake(topics?: ReadonlySet<string>): void {
    for (const waiter of [...this.#waiters]) {
      if (!topics || !topics.isDisjointFrom(waiter.topics)) waiter.resolve();
    }
  }

  #stopPolling(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #poll(): void {
    this.#timer = undefined;
    try {
      const version = this.#store.read((db) => db.get<{ data_version: number }>("PRAGMA data_version"))
        ?.data_version;
      // The first look can't tell whether something came before it.
      if (version !== this.#version) this.wake();
      this.#version = version;
    } catch {
      // The reader that is woken meets the failure itself and reports it.
      this.wake();
    }
    if (this.#waiters.size > 0) this.#timer = setTimeout(() => this.#poll(), this.#pollMs);
  }
}
