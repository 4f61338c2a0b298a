import { systemClock } from "../bus/clock.ts";
import type { BusDriver } from "../bus/contract.ts";
import { RELAY_GROUP } from "../bus/relay/schema.ts";
import { Relay } from "../bus/relay/relay.ts";
import type { KafkaContext, KafkaPart } from "../plugin/host_parts.ts";
import type { AgentFaults } from "./agent_faults.ts";
import { LogView } from "./log_view.ts";

/** Milliseconds between the relay's attempts. */
const RETRY = { baseMs: 5, maxMs: 20 };
/** Real milliseconds the relay waits at most, so that no test waits long. */
const WAIT_MS = 100;
/** Nobody else relays the file: its lease needs no renewal. */
const LEASE = { leaseMs: 1e12, renewMs: 1e12 };

/** The longest a timer takes. */
const MAX_TIMER_MS = 2_147_483_647;

/** What a bus apart from the agent is made of. */
export interface RemoteBusOptions {
  /** Path of its file. */
  file: string;
  now(): number;
  faults: AgentFaults;
}

/**
 * A bus apart from the agent's own log, in the place of Kafka: a log in another file, which outlives agents. Streams
 * store their rows with a fence first and commit on it then, and the relay sends on what the agent appends, as they do
 * with Kafka.
 */
export class RemoteBus implements AsyncDisposable {
  readonly #options: RemoteBusOptions;
  readonly #relays: Relay[] = [];

  private constructor(readonly view: LogView, options: RemoteBusOptions) {
    this.#options = options;
  }

  /** Makes it. */
  static async open(options: RemoteBusOptions): Promise<RemoteBus> {
    const view = await LogView.open(options.file, options.now);
    options.faults.reachLog(view.log);
    return new RemoteBus(view, options);
  }

  /** An agent's part of it. */
  part({ log, specs, logger, meter, random }: KafkaContext): KafkaPart {
    const { faults, now } = this.#options;
    const topics = specs.filter(({ localOnly }) => !localOnly).map((spec) => ({ local: spec.name, spec }));
    const names = topics.map(({ local }) => local);
    const made = this.view.log.topics.apply(topics.map(({ spec }) => spec));
    // Whoever opens a stream is told.
    made.catch(() => undefined);
    const driver = this.#driver(made);
    const relay = new Relay({
      ...{ store: log.store, log, target: driver, topics, meter, random, holder: "test" },
      ...{ retry: RETRY, lease: LEASE },
      logger: logger.child({ component: "relay" }),
      clock: { now, sleep: waiting },
    });
    this.#relays.push(relay);
    return {
      driver,
      relay: {
        group: RELAY_GROUP,
        relays: (topic) => names.includes(topic),
        start: () => relay.start(),
        caughtUp: (signal) => relay.drain(signal),
        lag: async () => (await log.lag(RELAY_GROUP, names)).reduce((sum, { lag }) => sum + lag, 0),
        health: () => ({ status: faults.away ? "degraded" : "ok", detail: relay.status().state }),
        stop: () => relay.close(),
      },
      start: () => relay.start(),
      health: () =>
        faults.away ? { status: "degraded", detail: "the test has taken it away" } : { status: "ok" },
      [Symbol.asyncDispose]: () => relay.close(),
    };
  }

  /** Resolves when nothing of the agents that were stopped is under way any more. */
  async stopped(): Promise<void> {
    await Promise.all(this.#relays.splice(0).map((relay) => relay.close()));
  }

  #driver(made: Promise<unknown>): BusDriver {
    const { log } = this.view;
    const { faults } = this.#options;
    const answering = async <T>(work: () => Promise<T>): Promise<T> => {
      faults.mustAnswer();
      await made;
      return await work();
    };
    return {
      name: "kafka",
      topics: log.topics,
      groups: log.groups,
      send: (records, options) => answering(() => log.send(records, options)),
      open: (options) => answering(() => log.open(options)),
      lag: (group, topics) => answering(() => log.lag(group, topics)),
      ping: () => answering(() => log.ping()),
      isRetryable: (error) => log.isRetryable(error),
      close: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Closes the file. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.view[Symbol.asyncDispose]();
  }
}

/** Real time: a relay goes on whatever the test does. */
function waiting(ms: number, signal?: AbortSignal): Promise<void> {
  return systemClock.sleep(ms >= LEASE.renewMs ? MAX_TIMER_MS : Math.min(ms, WAIT_MS), signal);
}
