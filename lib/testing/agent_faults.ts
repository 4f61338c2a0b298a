import type { Bus } from "../bus/bus.ts";
import type { Subscription } from "../bus/contract.ts";
import type { LocalBus } from "../bus/local/local_bus.ts";
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
  /** Called when the agent dies before a commit. */
  onStrike: () => void = () => {};
  #kill: Required<Pick<KillOptions, "after" | "at">> & Pick<KillOptions, "topic"> | undefined;

  /** Whether anything fails that a stream would try again for as long as it lasts. */
  get lasting(): boolean {
    return this.away || this.failure !== undefined;
  }

  /** Plans a kill. */
  plan({ after = 0, topic, at = "result" }: KillOptions): void {
    this.#kill = { after, topic, at };
  }

  /** Whether the agent dies now that its work on a batch of this topic has come so far. */
  strikes(at: NonNullable<KillOptions["at"]>, topic: string): boolean {
    const kill = this.#kill;
    if (!kill || kill.at !== at || (kill.topic ?? topic) !== topic || kill.after-- > 0) return false;
    this.#kill = undefined;
    this.kills++;
    return true;
  }

  /** Puts the faults between an agent and its store. */
  reachStore({ log }: Bus, victim: Victim): void {
    const { store } = log;
    const write = store.write.bind(store);
    store.write = <T>(work: (tx: Transaction) => T, options?: { signal?: AbortSignal }): Promise<T> => {
      const error = this.#writeError(victim);
      return error ? Promise.reject(error) : write(work, options);
    };
    // A thread of its own may append when many do at once.
    const send = log.send.bind(log);
    log.send = (records, options) => {
      const error = this.#writeError(victim);
      return error ? Promise.reject(error) : send(records, options);
    };
  }

  #writeError(victim: Victim): StoreError | undefined {
    if (victim.dead) return new StoreError("closed", "Cannot write: the test has killed this agent");
    if (this.failure === undefined) return undefined;
    return new StoreError(this.failure, `Cannot write: the test lets the store fail as "${this.failure}"`);
  }

  /** Puts the faults between agents and the log that is their bus. Once for each log. */
  reachLog(log: LocalBus): void {
    const open = log.open.bind(log);
    log.open = async (options) => {
      this.mustAnswer();
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
      this.mustAnswer();
      const batch = await receive(options);
      this.mustAnswer();
      return batch;
    };
    subscription.commit = async (options) => {
      this.mustAnswer();
      if (this.strikes("commit", options.through.topic)) {
        this.onStrike();
        // Who waits for it stops waiting when the stream ends.
        await new Promise(() => {});
      }
      await commit(options);
    };
    return subscription;
  }

  /** @throws {Error} the bus is away. */
  mustAnswer(): void {
    if (this.away) throw new AwayError("Cannot reach the bus: the test has taken it away");
  }
}
