import type { Logger } from "../../telemetry/logger.ts";
import { abortable } from "../abortable.ts";
import { type Clock, systemClock } from "../clock.ts";
import type {
  BusDriver,
  GroupAdmin,
  OpenOptions,
  OutgoingRecord,
  PartitionLag,
  Position,
  Subscription,
  TopicAdmin,
} from "../contract.ts";
import { closedError, KafkaClients } from "./clients.ts";
import { isRetryable, KafkaError } from "./error.ts";
import { KafkaGroups } from "./groups.ts";
import { MEMBER_TIMES, type MemberTimes } from "./member.ts";
import type { Acks, Compression } from "./producer.ts";
import { KafkaSender } from "./sender.ts";
import type { KafkaSettings } from "./settings.ts";
import { KafkaSubscription } from "./subscription.ts";
import { KafkaTopics } from "./topics.ts";

/** How the driver behaves; times in milliseconds. */
export interface KafkaDriverOptions {
  /** Takes what no caller is told. */
  log: Logger;
  /**
   * Until a send that is not acknowledged rejects. Default 60,000. `Infinity` waits as long as an outage lasts and so
   * rules out doubles: the relay's choice.
   */
  sendDeadlineMs?: number;
  /**
   * What a send waits for. `"all"` (default): all replicas in sync, by an idempotent producer. 1: the leader alone; a
   * retry may double records. 0: nothing; positions have offset -1, and what is lost on the way is not known.
   */
  acks?: Acks;
  /** How batches are compressed. Default `"none"`. */
  compression?: Compression;
  /** How often a batch is sent again. Default: as often as the deadline leaves time for. */
  retries?: number;
  /** Bytes sent and not acknowledged; further sends wait. Default 32 MiB. */
  maxPendingBytes?: number;
  /** Bytes of one batch. Default 900,000, which Kafka's own limit of 1 MiB leaves room around. */
  maxBatchBytes?: number;
  /** Records of one batch. Default 2,000. */
  maxBatchRecords?: number;
  /** Told why sends hang while they do, every few seconds, and `undefined` when they move again. */
  onSendTrouble?(error: KafkaError | undefined): void;
  /** Times of a group's members. */
  memberTimes?: Partial<MemberTimes>;
  /** Resolves once somebody has tried to make the topics that are read: nothing is opened before. Default: nobody. */
  topicsTried?: Promise<void>;
  /** What time it is, and how to wait. */
  clock?: Clock;
}

const PING_MS = 4_500;

/** Apache Kafka as a bus. Connects when it is first used. */
export class KafkaBus implements BusDriver {
  /** Name. */
  readonly name = "kafka";
  /** Topics. */
  readonly topics: TopicAdmin;
  /** Looks at groups. */
  readonly groups: GroupAdmin;
  readonly #clients: KafkaClients;
  readonly #sender: KafkaSender;
  readonly #options: KafkaDriverOptions;
  readonly #clock: Clock;
  readonly #limits: { records: number; bytes: number };
  readonly #subscriptions = new Set<KafkaSubscription>();
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;

  /** Nothing is read, loaded or connected yet. */
  constructor(settings: KafkaSettings, options: KafkaDriverOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { records: options.maxBatchRecords ?? 2_000, bytes: options.maxBatchBytes ?? 900_000 };
    this.#clients = new KafkaClients(settings);
    this.topics = new KafkaTopics(this.#clients, this.#clock, this.#ending.signal);
    this.groups = new KafkaGroups(this.#clients, this.#clock, this.#ending.signal);
    this.#sender = new KafkaSender(this.#clients, {
      deadlineMs: options.sendDeadlineMs ?? 60_000,
      limits: this.#limits,
      maxPendingBytes: options.maxPendingBytes ?? 32 * 1_048_576,
      acks: options.acks,
      compression: options.compression,
      retries: options.retries,
      onTrouble: (error) => options.onSendTrouble?.(error),
      now: () => this.#clock.now(),
    });
  }

  /** Bytes sent and not acknowledged. */
  get pendingBytes(): number {
    return this.#sender.pendingBytes;
  }

  /**
   * See `BusDriver`.
   * @throws {KafkaError} nothing was sent.
   * @throws {RangeError} a partition is out of range; nothing was sent.
   * @throws {SendError} some records may not be there; it says which are.
   */
  async send(records: readonly OutgoingRecord[], options?: { signal?: AbortSignal }): Promise<Position[]> {
    if (this.#closing) throw closedError();
    return await this.#sender.send(records, options?.signal);
  }

  /** See `BusDriver`. */
  async open(open: OpenOptions): Promise<Subscription> {
    await this.#options.topicsTried;
    if (this.#closing) throw closedError();
    const subscription = await KafkaSubscription.open({
      clients: this.#clients,
      open,
      times: { ...MEMBER_TIMES, ...this.#options.memberTimes },
      limits: this.#limits,
      clock: this.#clock,
      log: this.#options.log,
      onClosed: (closed) => this.#subscriptions.delete(closed),
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** See `BusDriver`. Records of transactions still open do not count. */
  async lag(group: string, topics?: readonly string[]): Promise<PartitionLag[]> {
    if (this.#closing) throw closedError();
    const lags = await this.groups.lags([{ group, topics }]);
    return lags.filter(({ topic }) => topics?.includes(topic) ?? true).map(({ group: _, ...lag }) => lag);
  }

  /** See `BusDriver`. */
  async ping(signal?: AbortSignal): Promise<void> {
    if (this.#closing) throw closedError();
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new KafkaError("unreachable", "Cannot reach Kafka: no answer within 4.5 s", true)),
      PING_MS,
    );
    try {
      const signals = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
      await abortable(this.#clients.metadata("reach Kafka", []), signals);
    } finally {
      clearTimeout(timer);
    }
  }

  /** See `BusDriver`. */
  isRetryable(error: unknown): boolean {
    return isRetryable(error);
  }

  /** Leaves all groups and ends every client; what is being sent rejects. Safe twice. */
  close(): Promise<void> {
    this.#ending.abort();
    this.#closing ??= (async () => {
      await Promise.all([...this.#subscriptions].map((each) => each[Symbol.asyncDispose]()));
      await this.#sender.close();
      await this.#clients.close();
    })();
    return this.#closing;
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
