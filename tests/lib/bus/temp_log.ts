import { type LocalBus, type LocalLogOptions, openLocalLog } from "../../../lib/bus/local/local_bus.ts";
import { BusBench } from "../../../lib/testing/bus_case.ts";
import { TempStore } from "../store/temp_store.ts";

/** Logs over one file in a folder of a test's own; each has a store of its own, as in processes of their own. */
export class TempLog implements AsyncDisposable {
  /** Milliseconds, for logs that take this clock. */
  clock = 1_700_000_000_000;
  /** The stores. */
  readonly temp: TempStore = new TempStore();
  readonly #logs: LocalBus[] = [];

  /** Another process. It polls often and drives its clock by `clock`. */
  async open(options: LocalLogOptions = {}): Promise<LocalBus> {
    const log = await openLocalLog(await this.temp.open(), {
      pollMs: 2,
      heartbeatMs: 2,
      now: () => this.clock,
      ...options,
    });
    this.#logs.push(log);
    return log;
  }

  /** A process that will be killed: it never renews its lease and never looks at its group by itself. */
  openDoomed(): Promise<LocalBus> {
    return this.open({ heartbeatMs: 3_600_000, pollMs: 3_600_000 });
  }

  /** Waiting helpers over a log. */
  bench(log: LocalBus): BusBench {
    return new BusBench(log, 60_000);
  }

  /** Closes all and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const log of this.#logs) await log.close();
    await this.temp[Symbol.asyncDispose]();
  }
}
