import type { Logger } from "../telemetry/logger.ts";
import type { MetricOptions, Reading } from "../telemetry/metrics.ts";
import type { Clock } from "./clock.ts";
import type { GroupAdmin, GroupLag } from "./contract.ts";

/** A group of this agent's. */
export interface OwnGroup {
  /** Its name. */
  group: string;
  /** Real names of the topics it reads. */
  topics: readonly string[];
  /** The stream that is this group, for the metric of the streams. */
  stream?: string;
}

/** A bus whose groups are looked at. */
export interface LagSource {
  /** Looks at its groups. */
  groups: GroupAdmin;
  /** This agent's own, whether they have ever run or not. */
  own: readonly OwnGroup[];
  /** Which of the others' commits count too. Default: none. */
  others?(at: { group: string; topic: string }): boolean;
  /** Milliseconds an answer is good for. */
  freshMs: number;
}

/** Milliseconds a reader of the metrics waits at most; a look that takes longer ends in the background. */
const WAIT_MS = 2_000;
/** Milliseconds after which an answer is no longer shown where no newer one comes. */
const STALE_MS = 60_000;

/** The gauge of how far groups are behind, under the name dashboards know. */
export const CONSUMER_LAG: MetricOptions = {
  name: "ai_kafka_consumer_lag",
  help: "Records a consumer group has not committed, running or not; absent while the bus does not tell.",
  labels: ["topic", "partition", "group"],
};

/** What that gauge shows of these looks. */
export async function lagReadings(looks: readonly LagLook[]): Promise<Reading[]> {
  const found = await Promise.all(looks.map((look) => look.lags()));
  return found.flatMap((lags) => (lags ?? []).map(readingOf));
}

/** The last look at one bus, and the one under way. */
export class LagLook {
  readonly #source: LagSource;
  readonly #clock: Clock;
  readonly #log: Logger;
  #last: { lags: readonly GroupLag[]; at: number } | undefined;
  #looking: Promise<void> | undefined;
  #refused = false;

  /** Nothing is asked yet. */
  constructor(source: LagSource, clock: Clock, log: Logger) {
    this.#source = source;
    this.#clock = clock;
    this.#log = log;
  }

  /** How far the groups are behind; `undefined`: the bus does not tell. */
  async lags(): Promise<readonly GroupLag[] | undefined> {
    if (this.#age() >= this.#source.freshMs) {
      this.#looking ??= this.#look().finally(() => this.#looking = undefined);
      const done = new AbortController();
      await Promise.race([this.#looking, this.#clock.sleep(WAIT_MS, done.signal)]);
      done.abort();
    }
    return this.#age() < STALE_MS ? this.#last?.lags : undefined;
  }

  /** How far each stream of its own is behind; -1 while the bus does not tell. */
  async streams(): Promise<Reading[]> {
    const lags = await this.lags();
    return this.#source.own.flatMap(({ stream, group, topics }): Reading[] => {
      if (stream === undefined) return [];
      const its = lags?.filter((each) => each.group === group && topics.includes(each.topic));
      return [{ labels: { stream }, value: its?.reduce((sum, { lag }) => sum + lag, 0) ?? -1 }];
    });
  }

  #age(): number {
    return this.#last === undefined ? Infinity : this.#clock.now() - this.#last.at;
  }

  /** Never rejects: a bus that does not answer is told by health already, and here by what is missing. */
  async #look(): Promise<void> {
    const { groups, own, others } = this.#source;
    try {
      const mine = new Set(own.map(({ group }) => group));
      const theirs = others === undefined ? [] : (await this.#list()).filter((group) => !mine.has(group));
      const lags = await groups.lags([...own, ...theirs.map((group) => ({ group }))]);
      const reads = new Set(own.flatMap(({ group, topics }) => topics.map((topic) => keyOf(group, topic))));
      const shown = lags.filter((at) => reads.has(keyOf(at.group, at.topic)) || others?.(at) === true);
      const unique = new Map(shown.map((at) => [`${at.partition} ${keyOf(at.group, at.topic)}`, at]));
      this.#last = { lags: [...unique.values()], at: this.#clock.now() };
    } catch {
      // Nothing is shown once the last answer is too old.
    }
  }

  /** Who may not list the cluster's groups still sees the agent's own. */
  async #list(): Promise<readonly string[]> {
    try {
      return await this.#source.groups.list();
    } catch (error) {
      if (!this.#refused) this.#log.debug("Groups of others are left out of the metrics.", { error });
      this.#refused = true;
      return [];
    }
  }
}

function keyOf(group: string, topic: string): string {
  return JSON.stringify([group, topic]);
}

function readingOf({ topic, partition, group, lag }: GroupLag): Reading {
  return { labels: { topic, partition: String(partition), group }, value: lag };
}
