import assert from "node:assert/strict";
import { once } from "node:events";
import type { Clock } from "../../../../lib/bus/clock.ts";
import { RelayLease } from "../../../../lib/bus/relay/lease.ts";
import { RELAY_MIGRATIONS, RELAY_OWNER } from "../../../../lib/bus/relay/schema.ts";
import type { Store } from "../../../../lib/store/contract.ts";
import { StoreError } from "../../../../lib/store/error.ts";
import { TempStore } from "../../store/temp_store.ts";

const TIMES = { leaseMs: 5_000, renewMs: 1_000, lookMs: 100 };

/** Time that a test moves on, sleep by sleep. */
class StepClock implements Clock {
  #now = 1_700_000_000_000;
  #sleeping = Promise.withResolvers<() => void>();

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    signal?.addEventListener("abort", () => resolve(), { once: true });
    this.#sleeping.resolve(() => {
      this.#now += ms;
      resolve();
    });
    return promise;
  }

  /** Lets the sleep under way, or the next, end. */
  async step(): Promise<void> {
    const end = await this.#sleeping.promise;
    this.#sleeping = Promise.withResolvers();
    end();
  }

  /** Resolves when somebody sleeps. */
  async slept(): Promise<void> {
    await this.#sleeping.promise;
  }
}

/** A lease, on a store that fails on demand. */
class Leased implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly clock = new StepClock();
  broken = false;

  private constructor(readonly store: Store) {}

  static async open(): Promise<Leased> {
    const temp = new TempStore();
    const leased = new Leased(await temp.open());
    leased.#stack.use(temp);
    await leased.store.migrate(RELAY_OWNER, RELAY_MIGRATIONS);
    return leased;
  }

  async acquire(): Promise<RelayLease> {
    const { store } = this;
    const flaky: Store = {
      file: store.file,
      read: (work) => store.read(work),
      write: (work) =>
        this.broken
          ? Promise.reject(new StoreError("io", "Cannot write: broken; mend it"))
          : store.write(work),
      migrate: (owner, migrations) => store.migrate(owner, migrations),
      close: () => store.close(),
      [Symbol.asyncDispose]: () => store.close(),
    };
    const { signal } = new AbortController();
    const lease = await RelayLease.acquire(flaky, "me", { clock: this.clock, times: TIMES, signal });
    assert.ok(lease);
    this.#stack.use(lease);
    return lease;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.broken = false;
    return this.#stack.disposeAsync();
  }
}

Deno.test("a lease that another has taken is lost when it would be renewed", async () => {
  await using leased = await Leased.open();
  const lease = await leased.acquire();
  await leased.store.write((tx) => tx.run("UPDATE relay_lease SET holder = 'other', epoch = epoch + 1"));
  const lost = once(lease.lost, "abort");
  await leased.clock.step();
  await lost;
});

Deno.test("a lease that can't be renewed holds until its time is over, and no longer", async () => {
  await using leased = await Leased.open();
  const lease = await leased.acquire();
  leased.broken = true;
  for (let renewal = 0; renewal < 5; renewal++) {
    await leased.clock.step();
    await leased.clock.slept();
    assert.equal(lease.lost.aborted, false);
  }
  const lost = once(lease.lost, "abort");
  await leased.clock.step();
  await lost;
});

Deno.test("a lease that is renewed again in time goes on", async () => {
  await using leased = await Leased.open();
  const lease = await leased.acquire();
  leased.broken = true;
  for (let renewal = 0; renewal < 4; renewal++) await leased.clock.step();
  await leased.clock.slept();
  leased.broken = false;
  for (let renewal = 0; renewal < 4; renewal++) await leased.clock.step();
  await leased.clock.slept();
  assert.equal(lease.lost.aborted, false);
});
