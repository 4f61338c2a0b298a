import type { Logger } from "../../telemetry/logger.ts";
import type { Clock } from "../clock.ts";
import { FencedError } from "../contract.ts";
import { endClient } from "./clients.ts";
import { kafkaError } from "./error.ts";
import type { BytesConsumer } from "./fetcher.ts";
import { OffsetCommits } from "./offset_commits.ts";
import type { ListedOffset, TopicPartition } from "./offsets.ts";
import { retryDelay } from "../stream/retry.ts";

/** Times of a group's member, in milliseconds. */
export interface MemberTimes {
  /** A member not heard of so long has left. Default 30,000. */
  sessionMs: number;
  /** Between two signs of life; others learn of a rebalance so late at most. Default 1,000. */
  heartbeatMs: number;
  /** What members have to finish what they are doing when partitions move. Default 60,000. */
  rebalanceMs: number;
}

/** Default times. */
export const MEMBER_TIMES: MemberTimes = { sessionMs: 30_000, heartbeatMs: 1_000, rebalanceMs: 60_000 };

/** A member's name and the group's state it was given it for. */
export interface Generation {
  /** Given by the coordinator. */
  member: string;
  /** Grows with each rebalance. */
  number: number;
}

/** What the member of a group says. */
export interface MemberOptions {
  /** A client with `retries: 0`: with more it joins again by itself and commits what is another's by then. */
  consumer: BytesConsumer;
  /** Topics. */
  topics: readonly string[];
  /** Times of the lease or membership, in milliseconds. */
  times: MemberTimes;
  /** What time it is, and how to wait. */
  clock: Clock;
  /** Takes what no caller is told. */
  log: Logger;
  /** Synchronous: these are not ours any more. */
  onLost(partitions: readonly TopicPartition[]): void;
  /** These are ours now. */
  onGained(partitions: readonly TopicPartition[]): void;
}

const BACKOFF = { baseMs: 200, maxMs: 5_000 };
/** Codes by which a coordinator says that a commit comes in the middle of a rebalance. */
const REBALANCING = "REBALANCE_IN_PROGRESS";

/** One member of a classic consumer group: joins, stays, joins again when it was dropped. */
export class KafkaMember {
  readonly #options: MemberOptions;
  readonly #consumer: BytesConsumer;
  readonly #commits: OffsetCommits;
  readonly #closing = new AbortController();
  #assigned: TopicPartition[] = [];
  #generation: Generation | undefined;
  #rejoining: Promise<void> | undefined;
  #onJoin = new Set<() => void>();

  /** Joins nothing yet; see `join`. */
  constructor(options: MemberOptions) {
    this.#options = options;
    const consumer = this.#consumer = options.consumer;
    this.#commits = new OffsetCommits(consumer);
    consumer.topics.trackAll(...options.topics);
    consumer.on(
      "consumer:group:join",
      ({ memberId, generationId = 0, assignments = [] }) =>
        this.#joined({ member: memberId, number: generationId }, assignments ?? []),
    );
    // Said when joining again has failed; the library leaves it at that.
    consumer.on("error", (error) => this.#rejoin(error));
  }

  /** The client, for transactions that carry offsets. */
  get consumer(): BytesConsumer {
    return this.#consumer;
  }

  /** Joins the group; resolves when partitions are assigned (maybe none). */
  async join(): Promise<void> {
    try {
      await this.#consumer.joinGroup({
        sessionTimeout: this.#options.times.sessionMs,
        heartbeatInterval: this.#options.times.heartbeatMs,
        rebalanceTimeout: this.#options.times.rebalanceMs,
      });
    } catch (cause) {
      throw kafkaError(`join group "${this.#consumer.groupId}"`, cause);
    }
  }

  /** As whom this member commits; `undefined` before it has joined. */
  get generation(): Generation | undefined {
    return this.#generation;
  }

  /** Whether the partition is ours. */
  owns({ topic, partition }: TopicPartition): boolean {
    return this.#assigned.some((each) => each.topic === topic && each.partition === partition);
  }

  /**
   * Stores the group's offset, in one request with others of the same turn. `holds`: whether the caller still has the partition, without a break.
   * @throws {FencedError} the partition is another member's.
   * @throws {KafkaError} the coordinator does not answer.
   */
  async commit(position: ListedOffset, holds?: () => boolean): Promise<void> {
    const store = () => this.#commits.store(position);
    await this.whileOwned(position, holds ?? (() => this.owns(position)), store);
  }

  /**
   * Runs something that only the partition's owner may do; waits out a rebalance that leaves it with us.
   * @throws {FencedError} `holds` says no.
   */
  async whileOwned(where: TopicPartition, holds: () => boolean, work: () => Promise<void>): Promise<void> {
    const until = this.#options.clock.now() + this.#options.times.rebalanceMs;
    for (;;) {
      const generation = this.#generation;
      // Between the answers to join and to sync nobody knows whose the partition is going to be.
      while (holds() && this.#joining && !this.#over(until)) await this.#nextJoin();
      if (!holds()) throw this.#fenced(where);
      try {
        return await work();
      } catch (cause) {
        if (cause instanceof FencedError) throw cause;
        const error = kafkaError(`commit in group "${this.#consumer.groupId}"`, cause);
        // Another generation may well leave the partition with us, and then the commit is still ours to make.
        const rebalancing = error.message.includes(REBALANCING) || error.failure === "fenced";
        const over = this.#over(until);
        if (error.failure === "fenced" && (over || !holds())) throw this.#fenced(where, cause);
        if (!rebalancing || over) throw error;
        if (this.#generation === generation) await this.#nextJoin();
      }
    }
  }

  #over(until: number): boolean {
    return this.#closing.signal.aborted || this.#options.clock.now() > until;
  }

  /** Whether the group has a new generation of which this member does not know its share yet. */
  get #joining(): boolean {
    return this.#generation !== undefined && this.#consumer.generationId !== this.#generation.number;
  }

  /** Leaves the group and ends the client. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#assigned = [];
    for (const wake of this.#onJoin) wake();
    // Leaving comes first: a join under way would go on after the close, and the closed client send heartbeats for ever.
    const left = new Promise<void>((resolve) => this.#consumer.leaveGroup(true, () => resolve()));
    await endClient(this.#consumer, left.then(() => this.#consumer.close(true)));
    await this.#rejoining;
  }

  #joined(
    generation: Generation,
    assignments: readonly { topic: string; partitions: number[] }[],
  ) {
    const before = this.#generation;
    // Between two generations in a row nobody else can have had a partition that stays with us.
    const inARow = before?.member === generation.member && before.number + 1 === generation.number;
    const now = assignments.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition }))
    );
    const kept = inARow ? this.#assigned.filter((each) => includes(now, each)) : [];
    const lost = this.#assigned.filter((each) => !includes(kept, each));
    const gained = now.filter((each) => !includes(kept, each));
    this.#generation = generation;
    this.#assigned = now;
    if (lost.length > 0) this.#options.onLost(lost);
    this.#options.onGained(gained);
    for (const wake of this.#onJoin) wake();
  }

  async #nextJoin(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onJoin.add(resolve);
    // Not for ever: the rebalance may have been over before we asked.
    await Promise.race([
      promise,
      this.#options.clock.sleep(this.#options.times.heartbeatMs * 2, this.#closing.signal),
    ]);
    this.#onJoin.delete(resolve);
  }

  #rejoin(error: unknown): void {
    if (this.#rejoining !== undefined || this.#closing.signal.aborted) return;
    this.#options.log.warn("Joining the consumer group again failed; trying on", {
      group: this.#consumer.groupId,
      error,
    });
    this.#rejoining = this.#untilJoined().finally(() => this.#rejoining = undefined);
  }

  async #untilJoined(): Promise<void> {
    for (let failed = 1; !this.#closing.signal.aborted; failed++) {
      await this.#options.clock.sleep(retryDelay(failed, BACKOFF, Math.random), this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      try {
        return await this.join();
      } catch {
        // Said once when it began; the next attempt follows.
      }
    }
  }

  #fenced({ topic, partition }: TopicPartition, cause?: unknown): FencedError {
    return new FencedError(
      `Cannot commit partition ${partition} of "${topic}" in group "${this.#consumer.groupId}": ` +
        "another member reads it now",
      { cause },
    );
  }
}

function includes(list: readonly TopicPartition[], wanted: TopicPartition): boolean {
  return list.some(({ topic, partition }) => topic === wanted.topic && partition === wanted.partition);
}
