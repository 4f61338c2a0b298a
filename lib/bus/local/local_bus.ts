import type { Reader, Transaction } from "../../store/contract.ts";
import { StoreError } from "../../store/error.ts";
import type { SqliteStore } from "../../store/sqlite_store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type {
  BusRecord,
  GroupAdmin,
  LocalLog,
  OpenOptions,
  OutgoingRecord,
  PartitionLag,
  Position,
  StartFrom,
  Subscription,
  TopicAdmin,
} from "../contract.ts";
import { LocalCatalog } from "./catalog.ts";
import type { LocalContext } from "./context.ts";
import type { Gap } from "./cursors.ts";
import { resetGroup } from "./offsets.ts";
import { LocalGroups } from "./group_admin.ts";
import { dropMembersOf, lagOf } from "./groups.ts";
import { LocalMember } from "./member.ts";
import type { LaneWorker } from "./lane/append_lane.ts";
import { LocalReader } from "./reader.ts";
import { LocalSender } from "./sender.ts";
import { LocalRecords } from "./records.ts";
import { LOG_MIGRATIONS, LOG_OWNER, LOG_TABLES } from "./schema.ts";
import { LocalTopics } from "./topics.ts";
import { LocalWakeups } from "./wakeups.ts";

/** How a local log is opened. Times are in milliseconds. */
export interface LocalLogOptions {
  /** Told of members that can't renew their lease and, without `onGap`, of gaps. */
  log?: Logger;
  /** Records retention removed before a reader had them. */
  onGap?(gap: Gap): void;
  /** How long a dead member keeps its partitions. Default 5,000. */
  leaseMs?: number;
  /** Begins the names of its members, so that another process can tell whose they are. Default: a name of its own. */
  owner?: string;
  /** How often a member looks at its lease and group. Default 1,000. */
  heartbeatMs?: number;
  /** How often a reader that waits looks for what other processes wrote. Default 150. */
  pollMs?: number;
  /** Milliseconds since 1970. */
  now?(): number;
  /** From 0 to 1, for waits that must not fall together. Default `Math.random`. */
  random?(): number;
  /** What a thread for appends needs; it is started when many append at once. Default: there is none. */
  lane?: LaneWorker;
}

/** The log in a store, as `openLocalLog` gives it. */
export class LocalBus implements LocalLog {
  /** Which driver it is. */
  readonly name = "local";
  /** Creates, describes and changes topics. */
  readonly topics: TopicAdmin;
  /** Looks at groups. */
  readonly groups: GroupAdmin;
  /** The file it lies in. */
  readonly store: SqliteStore;
  /** Begins the names of its members. */
  readonly owner: string;
  readonly #context: LocalContext;
  readonly #sender: LocalSender;
  readonly #subscriptions = new Set<Subscription>();
  readonly #appendListeners = new Set<(topics: ReadonlySet<string>) => void>();
  readonly #stopListening: () => void;
  #touchedTopics = new Set<string>();
  #touchedGroups = new Set<string>();
  #closing: Promise<void> | undefined;

  /** Use `openLocalLog`. */
  constructor(store: SqliteStore, options: LocalLogOptions) {
    this.store = store;
    this.owner = options.owner ?? crypto.randomUUID().slice(0, 13);
    const now = options.now ?? Date.now;
    const catalog = new LocalCatalog(now);
    const records = new LocalRecords(catalog, now);
    this.#context = {
      store,
      owner: this.owner,
      catalog,
      records,
      now,
      random: options.random ?? Math.random,
      wakeups: new LocalWakeups(store, options.pollMs ?? 150),
      leaseMs: options.leaseMs ?? 5_000,
      heartbeatMs: options.heartbeatMs ?? 1_000,
      log: options.log,
      append: (tx, outgoing) => this.append(tx, outgoing),
      groupTouched: (group) => this.#touchedGroups.add(group),
      gap: (gap) => {
        if (options.onGap) options.onGap(gap);
        else options.log?.warn("retention removed records before they were read", { ...gap });
      },
    };
    this.#sender = new LocalSender({
      store,
      append: (tx, outgoing) => this.append(tx, outgoing),
      now,
      lane: options.lane && { log: options.log, ...options.lane },
      appended: (positions) => {
        for (const { topic } of positions) this.#touchedTopics.add(topic);
      },
      passedOn: () => this.#committed(),
    });
    this.topics = new LocalTopics(store, () => catalog.forget());
    this.groups = new LocalGroups(store, now);
    this.#stopListening = store.onCommit(() => this.#committed());
  }

  /** See `LocalLog`. */
  append(tx: Transaction, records: readonly OutgoingRecord[]): Position[] {
    const positions = this.#context.records.append(tx, records);
    for (const { topic } of positions) this.#touchedTopics.add(topic);
    return positions;
  }

  /** See `LocalLog`. */
  readFrom(db: Reader, position: Position, max: number, maxBytes: number): BusRecord[] {
    const { topic, partition, offset } = position;
    const found = this.#context.catalog.partition(db, topic, partition);
    if (!found) throw new RangeError(`Cannot read topic ${topic}: it has no partition ${partition}`);
    return this.#context.records.read(db, found, offset, max, maxBytes);
  }

  /** See `BusDriver`. */
  send(records: readonly OutgoingRecord[], options?: { signal?: AbortSignal }): Promise<Position[]> {
    if (this.#closing) return Promise.reject(this.#closed("append to"));
    if (records.length === 0) return Promise.resolve([]);
    return this.#sender.send(records, options?.signal);
  }

  /** See `BusDriver`. */
  async open(options: OpenOptions): Promise<Subscription> {
    if (this.#closing) throw this.#closed("read");
    const { group } = options;
    const onClosed = (closed: Subscription) => this.#subscriptions.delete(closed);
    const subscription = group === null
      ? new LocalReader(this.#context, { ...options, onClosed })
      : await LocalMember.join(this.#context, { ...options, group, onClosed });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** See `BusDriver`. */
  lag(group: string, topics?: readonly string[]): Promise<PartitionLag[]> {
    return Promise.resolve().then(() => this.store.read((db) => lagOf(db, group, topics)));
  }

  /** See `BusDriver`. */
  ping(): Promise<void> {
    return Promise.resolve().then(() => {
      this.store.read((db) => db.get("SELECT 1"));
    });
  }

  /** See `BusDriver`. */
  isRetryable(error: unknown): boolean {
    return error instanceof StoreError && ["locked", "full", "io"].includes(error.failure);
  }

  /**
   * Moves a group to another place in a topic, stopped or running, as to derive again.
   * @throws {RangeError} the group has never read the topic.
   */
  moveGroup(group: string, topic: string, to: StartFrom): Promise<void> {
    return this.store.write((tx) => {
      resetGroup(tx, group, topic, to, this.#context.now());
      this.#touchedGroups.add(group);
    });
  }

  /**
   * Takes the members of an owner who is gone out of their groups at once, instead of when their leases end; gives how
   * many there were.
   */
  release(owner: string): Promise<number> {
    return this.store.write((tx) => dropMembersOf(tx, owner));
  }

  /** Wakes readers of these topics, or all: another thread has appended. */
  wake(topics?: Iterable<string>): void {
    this.#context.wakeups.wake(topics && new Set(topics));
  }

  /** Calls `listener` with the topics appended to, after each commit of this instance. Returns what ends that. */
  onAppend(listener: (topics: ReadonlySet<string>) => void): () => void {
    this.#appendListeners.add(listener);
    return () => this.#appendListeners.delete(listener);
  }

  /** Bytes of keys, values and headers in the log. */
  bytes(): number {
    return this.store.read((db) =>
      db.get<{ bytes: number | null }>("SELECT sum(bytes) AS bytes FROM log_partitions")?.bytes ?? 0
    );
  }

  /** Closes its subscriptions; the store stays open. Safe twice. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      const closed = await Promise.allSettled(
        [...this.#subscriptions].map((one) => one[Symbol.asyncDispose]()),
      );
      this.#subscriptions.clear();
      await this.#sender.close();
      this.#stopListening();
      const errors = closed.flatMap((one) => one.status === "rejected" ? [one.reason] : []);
      if (errors.length > 0) {
        throw new AggregateError(
          errors,
          `Cannot close the log in ${this.store.file}: a member could not leave its group`,
        );
      }
    })();
    return this.#closing;
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #closed(verb: string): StoreError {
    return new StoreError("closed", `Cannot ${verb} the log in ${this.store.file}: it is closed`);
  }

  #committed(): void {
    const topics = this.#touchedTopics;
    const groups = this.#touchedGroups;
    if (groups.size > 0) {
      this.#touchedGroups = new Set();
      for (const one of this.#subscriptions) {
        if (one instanceof LocalMember && groups.has(one.group)) one.look();
      }
    }
    if (topics.size === 0) return;
    this.#touchedTopics = new Set();
    this.#context.wakeups.wake(topics);
    for (const listener of this.#appendListeners) listener(topics);
  }
}

/**
 * Opens the log in a store and makes its tables where they are missing. A store for reading only that has none, as a
 * file of tapes, is read as one with an empty log.
 * @throws {StoreError} the tables can't be made.
 */
export async function openLocalLog(store: SqliteStore, options: LocalLogOptions = {}): Promise<LocalBus> {
  if (!store.readOnly) await store.migrate(LOG_OWNER, LOG_MIGRATIONS);
  else if (!store.read((db) => db.get("SELECT 1 FROM sqlite_schema WHERE name = 'log_topics'"))) {
    // Tables of the connection alone: the file stays as it is.
    store.read((db) => {
      for (const statement of LOG_TABLES) db.get(statement.replace("CREATE TABLE", "CREATE TEMP TABLE"));
    });
  }
  return new LocalBus(store, options);
}
