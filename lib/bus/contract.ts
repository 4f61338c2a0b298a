import type { Reader, Transaction } from "../store/contract.ts";

/** A header of a record. Names may repeat, as in Kafka; order is kept. */
export type Header = readonly [name: string, value: Uint8Array];

/** A record to be sent. */
export interface OutgoingRecord {
  /** Name of the topic. */
  topic: string;
  /**
   * Without one the key chooses, by murmur2 as Java's default partitioner. Without a key the partitions take turns: the
   * driver sends such records to one after the other, some at a time.
   */
  partition?: number;
  /** `null` or absent: none. */
  key?: Uint8Array | null;
  /** `null` is a tombstone. */
  value: Uint8Array | null;
  /** In the order given. */
  headers?: readonly Header[];
  /** Milliseconds since 1970, UTC. Default: now. */
  timestamp?: number;
}

/** Where a record lies. Offsets start at 0, grow by one or more, and are never reused. */
export interface Position {
  /** Name of the topic. */
  topic: string;
  /** Partition, from 0. */
  partition: number;
  /** Place in the partition, from 0. */
  offset: number;
}

/** A record as it lies in the log. */
export interface BusRecord extends Position {
  /** `null`: none. */
  key: Uint8Array | null;
  /** `null` is a tombstone. */
  value: Uint8Array | null;
  /** Headers in the order they were sent. */
  headers: readonly Header[];
  /** Milliseconds since 1970, UTC. */
  timestamp: number;
}

/** Records of one topic and partition, in the order of their offsets; never empty. */
export interface RecordBatch {
  /** Their topic. */
  topic: string;
  /** Their partition. */
  partition: number;
  /** The records, at least one. */
  records: readonly BusRecord[];
}

/** What a topic should be. */
export interface TopicSpec {
  /** The real name; on Kafka `[a-zA-Z0-9._-]`, at most 249 characters. */
  name: string;
  /** At least 1. */
  partitions: number;
  /** Copies on a Kafka cluster; the local log has one. Default: the cluster's own. */
  replication?: number;
  /** Milliseconds a record is kept at least; `Infinity` for ever, 0 until every group of the agent has passed it. */
  retentionMs?: number;
  /** Largest record in bytes (key + value + headers) the topic takes on Kafka. Default 1,000,000. */
  maxRecordBytes?: number;
  /** Stays in the local log, never relayed to Kafka. */
  localOnly?: boolean;
  /** Further Kafka settings, as `cleanup.policy`. */
  settings?: Readonly<Record<string, string>>;
}

/** What a topic is. */
export interface TopicDescription {
  /** Real name. */
  name: string;
  /** Offsets: the first that is kept, and the next to be given. */
  partitions: { partition: number; startOffset: number; endOffset: number }[];
  /** Copies of each partition. */
  replication: number;
  /** Settings that differ from the cluster's defaults. */
  settings: Readonly<Record<string, string>>;
  /** Keys, values and headers that are kept, in bytes, where the bus tells. */
  bytes?: number;
}

/** One difference between a topic as it is and as it should be. */
export interface TopicChange {
  /** Name of the topic. */
  topic: string;
  /** What would be done. */
  kind: "create" | "add-partitions" | "change-setting" | "impossible";
  /** For a person: what differs and, where it is impossible, why. */
  detail: string;
  /** `partitions`, `replication` or the name of a setting; absent where the topic as a whole is created. */
  what?: string;
  /** What it is, as text; absent where it is nothing yet. */
  from?: string;
  /** What it should be. */
  to?: string;
}

/** Creating, describing and changing topics. */
export interface TopicAdmin {
  /** Topics that exist, all or those named; a name that does not exist is left out. */
  describe(names?: readonly string[]): Promise<TopicDescription[]>;
  /** What `apply` would do. Changes nothing. */
  plan(specs: readonly TopicSpec[]): Promise<TopicChange[]>;
  /** Creates and changes what can be changed safely; never deletes, never shrinks. Returns what it did. */
  apply(specs: readonly TopicSpec[]): Promise<TopicChange[]>;
  /**
   * Removes a partition's records before `before`; their offsets are not given again. Groups that have not read them go
   * on behind them. Resolves with the first offset that is kept.
   * @throws {Error} there is no such partition, or it ends before that offset; nothing was removed.
   */
  deleteRecords(before: Position): Promise<number>;
  /** How many brokers there are: copies a topic can have at most. Absent where copies are nobody's concern. */
  brokers?(): Promise<number>;
}

/**
 * Where a group without a committed offset starts. It holds for a partition until the group has committed there, and
 * means the moment at which the partition comes to a member: a "latest" group that leaves, or passes a partition on,
 * without a commit starts at the latest again, and what came meanwhile is not read, as on Kafka. Who must miss nothing
 * commits where it starts, as streams do.
 */
export type StartFrom = "earliest" | "latest" | { timestamp: number } | { offset: number };

/** A partition that came to a member, and where its group is. */
export interface Assignment {
  /** Name of the topic. */
  topic: string;
  /** Partition, from 0. */
  partition: number;
  /** Where the group goes on; `null` where it has committed nothing. */
  committed: number | null;
  /** Where reading starts: `committed`, or what `from` comes to. */
  position: number;
}

/** How a subscription is opened. */
export interface OpenOptions {
  /** Consumer group; `null` reads all partitions, commits nothing, and belongs to no group. */
  group: string | null;
  /** Names of the topics. */
  topics: readonly string[];
  /** For partitions without a committed offset (or with `group: null`). */
  from: StartFrom;
  /**
   * Partitions of one number go to one member, whichever of the topics they are of, so that records with one key meet
   * in topics with as many partitions. All members of a group must say the same.
   */
  together?: boolean;
  /** With `group: null`: reads these partitions of each topic alone. Default: all. */
  partitions?: readonly number[];
  /** Called when partitions come to this member; awaited. They are assigned already, and give no record before. */
  onAssigned?(partitions: readonly Assignment[]): void | Promise<void>;
  /** Called when partitions leave this member; awaited. */
  onRevoked?(partitions: readonly { topic: string; partition: number }[]): void | Promise<void>;
}

/** What is handled, and what is stored with it. */
export interface CommitOptions {
  /** The last record handled; its group continues behind it. */
  through: Position;
  /** Offset of the first record handled with it. Default: `through.offset`. */
  from?: number;
  /** Records stored with the offset, at once or not at all. */
  outputs?: readonly OutgoingRecord[];
  /**
   * Local log only: runs inside the transaction that stores outputs and offset; synchronous; its returned records are
   * outputs too. It may be run a second time and must have no effect but on `tx`.
   */
  write?(tx: Transaction): readonly OutgoingRecord[] | void;
}

/** What a reader waits for. */
export interface ReceiveOptions {
  /** Records at most; at least 1. */
  max: number;
  /** Bytes at most, but for the first record. */
  maxBytes: number;
  /** Milliseconds to wait at most. */
  waitMs: number;
  /** Ends the waiting. */
  signal?: AbortSignal;
  /** Gives records of the partitions alone for which it is true; the others' wait. Default: all. Must be cheap. */
  only?(partition: { topic: string; partition: number }): boolean;
}

/** A reader of topics. One call of `receive` at a time. */
export interface Subscription extends AsyncDisposable {
  /**
   * Waits up to `waitMs` for records and gives those of one partition, at most `max` and (but for the first)
   * `maxBytes`. `null`: none came, `signal` aborted, or it was closed meanwhile. Gives each record once until `seek`,
   * reassignment or restart.
   * @throws it, or its bus, was closed before the call: who reads in a loop must not go round for ever.
   */
  receive(options: ReceiveOptions): Promise<RecordBatch | null>;
  /**
   * Stores outputs, rows and the group's offset at once or not at all.
   * @throws {FencedError} the partition belongs to another member now; nothing was stored.
   */
  commit(options: CommitOptions): Promise<void>;
  /** The next `receive` of this partition starts at `offset`. */
  seek(position: Position): void;
  /**
   * Offset behind everything this partition has given, and behind what can't be given (as control records on Kafka)
   * once that is known; `null` where it is not read here.
   */
  position(partition: { topic: string; partition: number }): number | null;
  /** Partitions this member reads now. */
  assigned(): readonly { topic: string; partition: number }[];
}

/** How far a group is behind in one partition. Right for groups that are not running, too. */
export interface PartitionLag {
  /** Name of the topic. */
  topic: string;
  /** Partition, from 0. */
  partition: number;
  /** `null`: the group has committed nothing here. */
  committed: number | null;
  /** The next offset to be given. */
  endOffset: number;
  /** `endOffset` less `committed` (or less the start of the log). */
  lag: number;
}

/** A running member of a consumer group. */
export interface GroupMember {
  /** Its id; no two have had the same. */
  id: string;
  /** What it calls itself; `null` where the bus does not tell. */
  client: string | null;
  /** Where it runs; `null` where the bus does not tell. */
  host: string | null;
  /** What it reads now. */
  partitions: readonly { topic: string; partition: number }[];
}

/** A consumer group, running or not. */
export interface GroupDescription {
  /** Its name. */
  name: string;
  /** Whether it has members that read, members that share out the partitions, or none. */
  state: "running" | "rebalancing" | "empty" | "unknown";
  /** Those that run now. */
  members: readonly GroupMember[];
  /** How far it is, in every partition it has committed to or reads. */
  partitions: readonly PartitionLag[];
}

/** How far a group is behind in one partition. */
export interface GroupLag extends PartitionLag {
  /** The group. */
  group: string;
}

/** Looks at consumer groups. */
export interface GroupAdmin {
  /** Names of all groups, running or not, in order. */
  list(): Promise<string[]>;
  /** These groups; one that does not exist is left out. */
  describe(names: readonly string[]): Promise<GroupDescription[]>;
  /**
   * How far these groups are behind: in all partitions they have committed to, and in all of `topics` where given.
   * Topics that do not exist are left out. One round of requests for all of them.
   */
  lags(groups: readonly { group: string; topics?: readonly string[] }[]): Promise<GroupLag[]>;
}

/** A bus. Drivers are dumb: no batching, no retry, no dead letters, no counting. */
export interface BusDriver extends AsyncDisposable {
  /** Marks the driver. */
  readonly name: "local" | "kafka";
  /** Creating, describing and changing topics. */
  readonly topics: TopicAdmin;
  /** Looks at consumer groups. */
  readonly groups: GroupAdmin;
  /**
   * Resolves when every record is durable, with their positions in the order given. Records of one partition keep
   * their order. Does not retry what the caller should decide on.
   */
  send(records: readonly OutgoingRecord[], options?: { signal?: AbortSignal }): Promise<Position[]>;
  /** Opens a reader. */
  open(options: OpenOptions): Promise<Subscription>;
  /** How far `group` is behind, in all partitions of `topics` or of all it has committed to. */
  lag(group: string, topics?: readonly string[]): Promise<PartitionLag[]>;
  /** Resolves when the bus answers; rejects within 5 s when it does not. */
  ping(signal?: AbortSignal): Promise<void>;
  /** Whether the same call may succeed later without anybody changing anything. */
  isRetryable(error: unknown): boolean;
  /** Ends what is under way and lets go of everything. Safe twice. */
  close(): Promise<void>;
}

/** The partition was taken over by another member of the group. The work is not lost: that member does it. */
export class FencedError extends Error {
  /** Marks the class. */
  override readonly name = "FencedError";
}

/** The local log beyond the driver's contract: append inside a transaction of the caller's. */
export interface LocalLog extends BusDriver {
  /** Marks the driver. */
  readonly name: "local";
  /** Appends inside `tx`. Positions are final when that transaction commits. Wakes readers after it. */
  append(tx: Transaction, records: readonly OutgoingRecord[]): Position[];
  /** Reads records of one partition from `offset` on, in the caller's snapshot. */
  readFrom(db: Reader, position: Position, max: number, maxBytes: number): BusRecord[];
}
