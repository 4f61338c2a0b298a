import process from "node:process";
import type { BusDriver, CommitOptions, Subscription } from "../../../lib/bus/contract.ts";

/** Where an agent kills itself with SIGKILL, so that nothing after that point happens. */
export interface Fault {
  /**
   * `handler`: a batch was computed, nothing is stored. `write`: in the middle of its SQLite transaction.
   * `between`: rows, fence and outputs are in SQLite, and Kafka knows nothing. `sending`: within the Kafka transaction.
   * `committed`: Kafka has committed, and the agent has not heard of it. `stuck`: from that batch on handlers begin and
   * never end, so that somebody else can kill it in the middle of one.
   */
  at: "handler" | "write" | "between" | "sending" | "committed" | "stuck";
  /** At the how manieth time, from 1. */
  time: number;
}

/** Milliseconds after which a transaction that was begun is under way. */
const SENDING_MS = 2;

/** Counts how often each point was passed, and ends the process where the fault says so. */
export class Faults {
  readonly #passed = new Map<Fault["at"], number>();

  constructor(private readonly fault: Fault | undefined) {}

  /** Whether this is the time to end. */
  due(at: Fault["at"]): boolean {
    if (this.fault?.at !== at) return false;
    const passed = (this.#passed.get(at) ?? 0) + 1;
    this.#passed.set(at, passed);
    return passed === this.fault.time;
  }

  /** Ends the process where it is time. */
  pass(at: Fault["at"]): void {
    if (this.due(at)) die();
  }

  /** Holds a batch where the fault says so: until it is dropped, because its partition goes to another member. */
  async stick(signal: AbortSignal): Promise<void> {
    if (this.fault?.at !== "stuck") return;
    this.due("stuck");
    if ((this.#passed.get("stuck") ?? 0) < this.fault.time) return;
    const dropped = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => dropped.reject(signal.reason), { once: true });
    if (signal.aborted) dropped.reject(signal.reason);
    await dropped.promise;
  }

  /** Watches what a driver commits from now on. */
  watch(driver: BusDriver): void {
    const open = driver.open.bind(driver);
    driver.open = async (options) => {
      const subscription = await open(options);
      const commit = subscription.commit.bind(subscription);
      subscription.commit = (share) => this.#commit(commit, share);
      return subscription;
    };
  }

  async #commit(commit: Subscription["commit"], share: CommitOptions): Promise<void> {
    if ((share.outputs ?? []).length > 0) this.pass("between");
    if (this.due("sending")) setTimeout(die, SENDING_MS);
    await commit(share);
    this.pass("committed");
  }
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
