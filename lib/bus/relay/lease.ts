import type { Store, Transaction } from "../../store/contract.ts";
import type { Clock } from "../clock.ts";
import { FencedError } from "../contract.ts";

/** Times of the lease, in milliseconds. */
export interface LeaseTimes {
  /** How long a holder that died keeps it. Default 5,000. */
  leaseMs: number;
  /** How often it is renewed. Default 1,000. */
  renewMs: number;
  /** How often one that waits looks whether it is free. Default 100. */
  lookMs: number;
}

/** Default times. */
export const LEASE_TIMES: LeaseTimes = { leaseMs: 5_000, renewMs: 1_000, lookMs: 100 };

interface LeaseRow {
  holder: string | null;
  epoch: number;
  lease_until: number;
}

/**
 * One relay per file: a row with a holder, an epoch that grows with each change of holder, and an end. Whoever holds an
 * older epoch is fenced when it commits.
 */
export class RelayLease implements AsyncDisposable {
  /** Aborts when the lease is lost. */
  readonly lost: AbortSignal;
  /** Grows with each change of holder. */
  readonly epoch: number;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #times: LeaseTimes;
  readonly #losing = new AbortController();
  readonly #ending = new AbortController();
  readonly #renewing: Promise<void>;
  #until: number;

  /** Use `RelayLease.acquire`. */
  private constructor(
    store: Store,
    clock: Clock,
    times: LeaseTimes,
    taken: { epoch: number; until: number },
  ) {
    this.lost = this.#losing.signal;
    this.epoch = taken.epoch;
    this.#until = taken.until;
    this.#store = store;
    this.#clock = clock;
    this.#times = times;
    this.#renewing = this.#renew();
  }

  /** Waits until the lease is free and takes it; `undefined` when `signal` aborts. */
  static async acquire(
    store: Store,
    holder: string,
    options: { clock: Clock; times: LeaseTimes; signal: AbortSignal; onWaiting?(holder: string): void },
  ): Promise<RelayLease | undefined> {
    const { clock, times, signal } = options;
    let told: string | null = null;
    while (!signal.aborted) {
      const now = Math.round(clock.now());
      const row = store.read((db) => db.get<LeaseRow>("SELECT holder, epoch, lease_until FROM relay_lease"));
      if (row === undefined || isFree(row, now, times.leaseMs)) {
        const until = now + times.leaseMs;
        const epoch = await store.write((tx) => take(tx, holder, { now, until, leaseMs: times.leaseMs }));
        if (epoch !== undefined) return new RelayLease(store, clock, times, { epoch, until });
      } else if (row.holder !== null && row.holder !== told) options.onWaiting?.(told = row.holder);
      await clock.sleep(times.lookMs, signal);
    }
    return undefined;
  }

  /**
   * Call in the transaction that depends on the lease.
   * @throws {FencedError} another took over.
   */
  check(tx: Transaction): void {
    const row = tx.get<{ epoch: number }>("SELECT epoch FROM relay_lease");
    if (row?.epoch === this.epoch) return;
    this.#losing.abort();
    throw new FencedError("Cannot relay: another process relays this file now");
  }

  /** Gives the lease up, so that another may take it at once. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    await this.#renewing;
    await this.#store.write((tx) => {
      tx.run("UPDATE relay_lease SET holder = NULL, lease_until = 0 WHERE epoch = ?", this.epoch);
    });
  }

  async #renew(): Promise<void> {
    const ended = AbortSignal.any([this.#ending.signal, this.lost]);
    for (;;) {
      await this.#clock.sleep(this.#times.renewMs, ended);
      if (ended.aborted) return;
      const until = Math.round(this.#clock.now()) + this.#times.leaseMs;
      try {
        const renewed = await this.#store.write((tx) =>
          tx.run("UPDATE relay_lease SET lease_until = ? WHERE epoch = ?", until, this.epoch).changes === 1
        );
        if (renewed) this.#until = until;
        else this.#losing.abort();
      } catch {
        // A file that is locked or full for a moment: the lease holds until its time is over.
        if (this.#clock.now() > this.#until) this.#losing.abort();
      }
    }
  }
}

function isFree({ holder, lease_until }: LeaseRow, now: number, leaseMs: number): boolean {
  // An end far in the future is from before the clock was set back.
  return holder === null || lease_until <= now || lease_until > now + 3 * leaseMs;
}

function take(
  tx: Transaction,
  holder: string,
  times: { now: number; until: number; leaseMs: number },
): number | undefined {
  const row = tx.get<LeaseRow>("SELECT holder, epoch, lease_until FROM relay_lease");
  if (row && !isFree(row, times.now, times.leaseMs)) return undefined;
  const epoch = (row?.epoch ?? 0) + 1;
  tx.run(
    `INSERT INTO relay_lease (id, holder, epoch, lease_until) VALUES (1, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, lease_until = excluded.lease_until`,
    holder,
    epoch,
    times.until,
  );
  return epoch;
}
