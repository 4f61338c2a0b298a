import type { Bus } from "../bus/bus.ts";
import type { Subscription } from "../bus/contract.ts";
import type { Batch } from "../bus/handler.ts";
import type { StoreFailure, Transaction } from "../store/contract.ts";
import { StoreError } from "../store/error.ts";
import type { KillOptions } from "./test_agent_contract.ts";

/** The bus is away because a test wants it so. */
class AwayError extends Error {
  override readonly name = "BusAway";
}

/** What of an agent can be made to fail. */
export interface Victim {
  /** It was killed: nothing of it is stored any more. */
  readonly dead: boolean;
}

/** Which faults there are now. */
export class AgentFaults {
  /** How often an agent was killed. */
  kills = 0;
  /** The bus can't be reached. */
  away = false;
  /** What writes fail by. */
  failure: StoreFailure | undefined;
  #kill: { after: number; topic: string | undefined } | undefined;

  /** Whether anything fails that a stream would try again for as long as it lasts. */
  get lasting(): boolean {
    return this.away || this.failure !== undefined;
  }

  /** Plans a kill. */
  plan({ after = 0, topic }: KillOptions): void {
    this.#kill = { after, topic };
  }

  /** Whether the agent dies now that a handler has done its work on this batch. */
  strikes({ topic }: Pick<Batch, "topic">): boolean {
    const kill = this.#kill;
    if (!kill || (kill.topic ?? topic) !== topic || kill.after-- > 0) return false;
    this.#kill = undefined;
    this.kills++;
    return true;
  }

  /** Puts the faults between an agent and its store and log. */
  reach(bus: Bus, victim: Victim): void {
    this.#reachStore(bus, victim);
    this.#reachLog(bus);
  }

  #reachStore({ log: { store } }: Bus, victim: Victim): void {
    const write = store.write.bind(store);
    store.write = <T>(work: (tx: Transaction) => T, options?: { signal?: AbortSignal }): Promise<T> => {
      const error = this.#writeError(victim);
      return error ? Promise.reject(error) : write(work, options);
    };
  }

  #writeError(victim: Victim): StoreError | undefined {
    if (victim.dead) return new StoreError("closed", "Cannot write: the test has killed this agent");
    if (this.failure === undefined) return undefined;
    return new StoreError(this.failure, `Cannot write: the test lets the store fail as "${this.failure}"`);
  }

  #reachLog({ log }: Bus): void {
    const open = log.open.bind(log);
    log.open = async (options) => {
      this.#mustAnswer();
      const subscription = await open(options);
      return options.group === null ? subscription : this.#faulty(subscription);
    };
    const isRetryable = log.isRetryable.bind(log);
    log.isRetryable = (error) => error instanceof AwayError || isRetryable(error);
  }

  #faulty(subscription: Subscription): Subscription {
    const receive = subscription.receive.bind(subscription);
    const commit = subscription.commit.bind(subscription);
    subscription.receive = async (options) => {
      this.#mustAnswer();
      const batch = await receive(options);
      this.#mustAnswer();
      return batch;
    };
    subscription.commit = async (options) => {
      this.#mustAnswer();
      await commit(options);
    };
    return subscription;
  }

  #mustAnswer(): void {
    if (this.away) throw new AwayError("Cannot reach the bus: the test has taken it away");
  }
}
