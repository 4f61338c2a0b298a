import type { Clock } from "../clock.ts";
import type {
  Assignment,
  CommitOptions,
  OpenOptions,
  Position,
  ReceiveOptions,
  RecordBatch,
  Subscription,
} from "../contract.ts";
import { closedError, type KafkaClients } from "./clients.ts";
import { kafkaError } from "./error.ts";
import { FETCH_CLIENT, KafkaFetcher } from "./fetcher.ts";
import { fetchingConsumer } from "./fetching_consumer.ts";
import type { BatchLimits } from "./lane.ts";
import { KafkaMember, type MemberTimes } from "./member.ts";
import { committedOffsets, type ListedOffset, listOffsets, type TopicPartition } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { KafkaTransactions } from "./transactions.ts";
import { assignTogether } from "./assign_together.ts";
import { retryDelay } from "../stream/retry.ts";
import type { Logger } from "../../telemetry/logger.ts";

/** What a subscription works with. */
export interface SubscriptionOptions {
  /** Clients all share. */
  clients: KafkaClients;
  /** What the caller asked for. */
  open: OpenOptions;
  /** Times of the lease or membership, in milliseconds. */
  times: MemberTimes;
  /** Largest batch. */
  limits: BatchLimits;
  /** What time it is, and how to wait. */
  clock: Clock;
  /** Takes what no caller is told. */
  log: Logger;
  /** Called once it is closed. */
  onClosed(subscription: KafkaSubscription): void;
}

const BACKOFF = { baseMs: 200, maxMs: 5_000 };

/** A reader of topics on Kafka, in a group or alone. */
export class KafkaSubscription implements Subscription {
  readonly #options: SubscriptionOptions;
  readonly #fetcher: KafkaFetcher;
  readonly #member: KafkaMember | undefined;
  readonly #transactions: KafkaTransactions | undefined;
  readonly #closing = new AbortController();
  /** Changes of the assignment, told one after the other. */
  #telling: Promise<void> = Promise.resolve();
  #tellFailure: unknown;
  #closed: Promise<void> | undefined;

  /** Use `KafkaSubscription.open`. */
  private constructor(options: SubscriptionOptions, fetcher: KafkaFetcher, member: KafkaMember | undefined) {
    this.#options = options;
    this.#fetcher = fetcher;
    this.#member = member;
    if (member) {
      this.#transactions = new KafkaTransactions({
        clients: options.clients,
        consumer: member.consumer,
        generation: () => member.generation,
        limits: options.limits,
        now: () => options.clock.now(),
      });
    }
  }

  /**
   * Resolves when partitions are assigned and it is known where reading starts.
   * @throws {KafkaError} a topic does not exist, or no broker answers.
   */
  static async open(options: SubscriptionOptions): Promise<KafkaSubscription> {
    const { clients, open: { group, topics, partitions, together } } = options;
    const action = `read ${topics.map((topic) => `"${topic}"`).join(", ")}`;
    const metadata = await clients.metadata(action, topics);
    const { library, connection } = await clients.open();
    const common = { ...connection, ...FETCH_CLIENT };
    const { clock, log } = options;
    const fetcher = new KafkaFetcher({
      consumer: fetchingConsumer(library, { ...common, groupId: group ?? "capstan-no-group" }),
      topics,
      clock,
      log,
      onAdvanced: (position) => subscription.#passed(position),
    });
    const { sessionMs, rebalanceMs, heartbeatMs } = options.times;
    const member = group === null ? undefined : new KafkaMember({
      consumer: new library.Consumer({
        ...common,
        groupId: group,
        sessionTimeout: sessionMs,
        rebalanceTimeout: rebalanceMs,
        heartbeatInterval: heartbeatMs,
        // A client that is closed while it joins leaves a timer of this length behind, which keeps the process alive.
        heartbeatStallTimeout: 0,
        // Joining waits for the other members.
        requestTimeout: rebalanceMs + 10_000,
        ...(together && { partitionAssigner: assignTogether }),
      }),
      topics,
      times: options.times,
      clock,
      log,
      onLost: (partitions) => subscription.#lost(partitions),
      onGained: (partitions) => subscription.#gained(partitions),
    });
    const subscription = new KafkaSubscription(options, fetcher, member);
    try {
      if (member) {
        await patiently(`join group "${group}"`, clock, subscription.#closing.signal, () => member.join());
      } else {
        subscription.#gained(
          topics.flatMap((topic) =>
            (metadata.topics.get(topic)?.partitions ?? []).map((_, partition) => ({ topic, partition }))
          ).filter(({ partition }) => partitions?.includes(partition) ?? true),
        );
      }
      await subscription.#told();
      return subscription;
    } catch (error) {
      await subscription[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** See `Subscription`. */
  async receive(options: ReceiveOptions): Promise<RecordBatch | null> {
    if (this.#closing.signal.aborted) throw closedError();
    const { clock } = this.#options;
    const until = clock.now() + options.waitMs;
    const ended = options.signal
      ? AbortSignal.any([options.signal, this.#closing.signal])
      : this.#closing.signal;
    while (!ended.aborted) {
      if (this.#tellFailure !== undefined) await this.#told();
      const batch = this.#fetcher.take(options);
      if (batch !== null) return batch;
      const left = until - clock.now();
      if (left <= 0) return null;
      await this.#fetcher.wait(left, ended);
    }
    return null;
  }

  /** See `Subscription`. */
  async commit({ through, outputs = [], write }: CommitOptions): Promise<void> {
    const member = this.#member;
    const transactions = this.#transactions;
    if (member === undefined || transactions === undefined) {
      throw new TypeError("Cannot commit: this reader belongs to no group; open it with one");
    }
    if (write) throw new TypeError("Cannot commit: write() runs on the local log only; Kafka has no SQL");
    const { topic, partition, offset } = through;
    const buffer = this.#fetcher.buffer(through);
    // A partition that left and came back has another one: what was read before may have been handled by others.
    const holds = () => buffer !== undefined && this.#fetcher.buffer(through) === buffer;
    const next = { topic, partition, offset: buffer?.commitOffset(offset) ?? offset + 1 };
    if (outputs.length === 0) await member.commit(next, holds);
    else {await member.whileOwned(through, holds, () =>
        transactions.commit({ outputs, through, next, holds }));}
    buffer?.committed(offset);
  }

  /** See `Subscription`. */
  seek(position: Position): void {
    this.#fetcher.seek(position);
  }

  /** See `Subscription`. */
  position(partition: TopicPartition): number | null {
    return this.#fetcher.buffer(partition)?.reached ?? null;
  }

  /** See `Subscription`. */
  assigned(): readonly TopicPartition[] {
    return this.#fetcher.partitions;
  }

  /** Leaves the group and ends its clients. Safe twice. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const left = this.#fetcher.partitions;
    if (left.length > 0) this.#tell(async () => await this.#options.open.onRevoked?.(left));
    // While it is still a member: a transaction under way can be committed.
    await this.#transactions?.close();
    await Promise.all([this.#fetcher.close(), this.#member?.close()]);
    await this.#telling;
    this.#options.onClosed(this);
  }

  /** Only control records lie behind what was handled: the group moves past them, so that its lag is true. */
  #passed(position: ListedOffset): void {
    const buffer = this.#fetcher.buffer(position);
    if (!this.#member || !buffer?.everythingCommitted) return;
    // The next commit moves it just as well.
    this.#member.commit(position).catch(() => undefined);
  }

  #lost(partitions: readonly TopicPartition[]): void {
    this.#fetcher.remove(partitions);
    this.#tell(async () => await this.#options.open.onRevoked?.(partitions));
  }

  #gained(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return;
    this.#tell(async () => {
      const ours = (await this.#find(partitions)).filter((each) => this.#member?.owns(each) ?? true);
      this.#fetcher.add(
        ours.map(({ topic, partition, position }) => ({ topic, partition, offset: position })),
      );
      if (ours.length > 0) await this.#options.open.onAssigned?.(ours);
      this.#fetcher.release(ours);
    });
  }

  #tell(work: () => Promise<void>): void {
    this.#telling = this.#telling.then(work).catch((error) => {
      this.#tellFailure = error;
    });
  }

  /** @throws what `onAssigned` or `onRevoked` threw. */
  async #told(): Promise<void> {
    await this.#telling;
    const failure = this.#tellFailure;
    this.#tellFailure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Finds out where to start, however long the cluster is away, in what is not lost again meanwhile. */
  async #find(partitions: readonly TopicPartition[]): Promise<Assignment[]> {
    for (let failed = 1; !this.#closing.signal.aborted; failed++) {
      const ours = partitions.filter((each) => this.#member?.owns(each) ?? true);
      try {
        return await this.#positions(ours);
      } catch (cause) {
        const error = kafkaError("find where to start reading", cause);
        if (!error.retryable) throw error;
        await this.#options.clock.sleep(retryDelay(failed, BACKOFF, Math.random), this.#closing.signal);
      }
    }
    return [];
  }

  async #positions(partitions: readonly TopicPartition[]): Promise<Assignment[]> {
    const { clients, open: { group, from } } = this.#options;
    const admin = await clients.admin();
    const committed = group === null
      ? []
      : await committedOffsets(admin, group, partitions, { settled: true });
    const rest = partitions.filter((each) =>
      !committed.some(({ topic, partition }) => topic === each.topic && partition === each.partition)
    );
    const begin = typeof from === "object" && "offset" in from
      ? rest.map((each) => ({ ...each, offset: from.offset }))
      : await listOffsets(admin, rest, from);
    return [
      ...committed.map(({ offset, ...each }) => ({ ...each, committed: offset, position: offset })),
      ...begin.map(({ offset, ...each }) => ({ ...each, committed: null, position: offset })),
    ];
  }
}
