import {
  type Assignment,
  type BusDriver,
  type BusRecord,
  type CommitOptions,
  FencedError,
  type OpenOptions,
  type OutgoingRecord,
  type PartitionLag,
  type Position,
  type ReceiveOptions,
  type RecordBatch,
  type Subscription,
} from "../../../lib/bus/contract.ts";
import { Progress } from "../../../lib/bus/stream/progress.ts";
import type { Transaction } from "../../../lib/store/contract.ts";

/** A transaction for handlers whose `write` notes what it wrote through `run`. */
export function noteTransaction(rows: string[]): Transaction {
  return {
    get: () => undefined,
    all: () => [],
    iterate: () => [].values(),
    run: (sql) => {
      rows.push(sql);
      return { changes: 1, lastInsertRowid: rows.length };
    },
  };
}

/**
 * A bus in memory, with faults on demand. Topics have one partition, or as many as `partitions` says; each reader of a
 * group has all of them until `revoke` takes some away.
 */
export class MemoryBus implements Pick<BusDriver, "open" | "lag" | "isRetryable" | "send"> {
  /** All records of a topic, in the order they came. */
  readonly records = new Map<string, BusRecord[]>();
  /** By `group/topic`, or `group/topic/partition` beyond the first. */
  readonly committed = new Map<string, number>();
  /** What `write` functions wrote, once committed. */
  readonly rows: string[] = [];
  readonly opened: OpenOptions[] = [];
  /** Each commit as it came, before it was refused or done. */
  readonly commits: CommitOptions[] = [];
  /** Partitions of a topic. Default 1. */
  readonly partitions = new Map<string, number>();
  closed = 0;
  /** Each is thrown once by the call it is for. */
  readonly faults: { open: unknown[]; receive: unknown[]; commit: unknown[]; send: unknown[] } = {
    open: [],
    receive: [],
    commit: [],
    send: [],
  };
  /** Awaited by each commit before it is done. */
  beforeCommit: ((options: CommitOptions) => Promise<void> | void) | undefined;
  /** Errors `isRetryable` agrees to. */
  readonly retryable = new Set<unknown>();
  readonly #appended = new Progress();
  readonly #readers = new Set<MemoryReader>();

  append(topic: string, values: readonly string[], partition = 0): void {
    for (const value of values) this.add({ topic, value: new TextEncoder().encode(value), partition });
    this.#appended.made();
  }

  values(topic: string): string[] {
    return (this.records.get(topic) ?? []).map(({ value }) => new TextDecoder().decode(value ?? undefined));
  }

  /** Appends a record; it has no effect on readers that wait. */
  add(record: OutgoingRecord): Position {
    const log = this.records.get(record.topic) ?? [];
    this.records.set(record.topic, log);
    const partition = record.partition ?? 0;
    const offset = log.filter((each) => each.partition === partition).length;
    log.push({
      topic: record.topic,
      partition,
      offset,
      key: record.key ?? null,
      value: record.value,
      headers: record.headers ?? [],
      timestamp: record.timestamp ?? 0,
    });
    return { topic: record.topic, partition, offset };
  }

  isRetryable(error: unknown): boolean {
    return this.retryable.has(error);
  }

  async send(records: readonly OutgoingRecord[]): Promise<Position[]> {
    await Promise.resolve();
    if (this.faults.send.length > 0) throw this.faults.send.shift();
    return records.map((record) => this.add(record));
  }

  lag(group: string, topics: readonly string[] = []): Promise<PartitionLag[]> {
    return Promise.resolve(
      topics.flatMap((topic) =>
        Array.from({ length: this.partitions.get(topic) ?? 1 }, (_, partition) => {
          const endOffset = this.log(topic, partition).length;
          const committed = this.committed.get(committedKey(group, { topic, partition })) ?? null;
          return { topic, partition, committed, endOffset, lag: endOffset - (committed ?? 0) };
        })
      ),
    );
  }

  log(topic: string, partition: number): BusRecord[] {
    return (this.records.get(topic) ?? []).filter((each) => each.partition === partition);
  }

  async open(options: OpenOptions): Promise<Subscription> {
    if (this.faults.open.length > 0) throw this.faults.open.shift();
    this.opened.push(options);
    const reader = new MemoryReader(this, options, this.#appended, () => {
      this.closed++;
      this.#readers.delete(reader);
    });
    this.#readers.add(reader);
    await reader.assign(
      options.topics.flatMap((topic) =>
        Array.from({ length: this.partitions.get(topic) ?? 1 }, (_, partition) => ({ topic, partition }))
      ).filter(({ partition }) => options.partitions?.includes(partition) ?? true),
    );
    return reader;
  }

  /** Takes a partition from the group's readers, as a rebalance does. */
  async revoke(topic: string, partition: number): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.revoke([{ topic, partition }])));
  }

  /** Gives it back; it goes on where the group is. */
  async assign(topic: string, partition: number): Promise<void> {
    for (const reader of this.#readers) {
      if (reader.options.group !== null) await reader.assign([{ topic, partition }]);
    }
  }

  async commit(group: string | null, options: CommitOptions): Promise<void> {
    const { through, outputs = [], write } = options;
    this.commits.push(options);
    await Promise.resolve();
    await this.beforeCommit?.(options);
    if (this.faults.commit.length > 0) throw this.faults.commit.shift();
    const rows: string[] = [];
    const more = write?.(noteTransaction(rows)) ?? [];
    this.rows.push(...rows);
    for (const record of [...outputs, ...more]) this.add(record);
    this.committed.set(committedKey(group, through), through.offset + 1);
    this.#appended.made();
  }
}

class MemoryReader implements Subscription {
  readonly #at = new Map<string, Position>();
  #closed = false;

  constructor(
    private readonly bus: MemoryBus,
    readonly options: OpenOptions,
    private readonly appended: Progress,
    private readonly onClosed: () => void,
  ) {}

  async assign(partitions: readonly { topic: string; partition: number }[]): Promise<void> {
    const { group, from } = this.options;
    const came = partitions.map((place): Assignment => {
      const committed = group === null ? null : this.bus.committed.get(committedKey(group, place)) ?? null;
      const start = typeof from === "object" && "offset" in from ? from.offset : 0;
      return { ...place, committed, position: committed ?? start };
    });
    await this.options.onAssigned?.(came);
    for (const { topic, partition, position } of came) {
      this.#at.set(`${partition}/${topic}`, { topic, partition, offset: position });
    }
    this.appended.made();
  }

  async revoke(partitions: readonly { topic: string; partition: number }[]): Promise<void> {
    if (this.options.group === null) return;
    for (const { topic, partition } of partitions) this.#at.delete(`${partition}/${topic}`);
    await this.options.onRevoked?.(partitions);
  }

  async receive({ max, maxBytes, waitMs, signal, only }: ReceiveOptions): Promise<RecordBatch | null> {
    if (this.#closed) throw new Error("Cannot read: the reader is closed");
    if (this.bus.faults.receive.length > 0) throw this.bus.faults.receive.shift();
    const now = this.#take({ max, maxBytes, only });
    if (now !== null || waitMs < 100) return now;
    await this.appended.next(signal);
    return signal?.aborted ? null : this.#take({ max, maxBytes, only });
  }

  async commit(options: CommitOptions): Promise<void> {
    const name = `${options.through.partition}/${options.through.topic}`;
    if (!this.#at.has(name)) throw new FencedError("taken over");
    await this.bus.commit(this.options.group, options);
  }

  seek(position: Position): void {
    this.#at.set(`${position.partition}/${position.topic}`, position);
  }

  position({ topic, partition }: { topic: string; partition: number }): number | null {
    return this.#at.get(`${partition}/${topic}`)?.offset ?? null;
  }

  assigned(): readonly { topic: string; partition: number }[] {
    return [...this.#at.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.onClosed();
    const left = this.assigned();
    if (left.length > 0) await this.options.onRevoked?.(left);
    this.#at.clear();
  }

  #take({ max, maxBytes, only }: Pick<ReceiveOptions, "max" | "maxBytes" | "only">): RecordBatch | null {
    for (const [name, { topic, partition, offset }] of this.#at) {
      if (only?.({ topic, partition }) === false) continue;
      const records: BusRecord[] = [];
      let bytes = 0;
      for (const record of this.bus.log(topic, partition).slice(offset, offset + max)) {
        bytes += record.value?.length ?? 0;
        if (records.length > 0 && bytes > maxBytes) break;
        records.push(record);
      }
      if (records.length === 0) continue;
      this.#at.delete(name);
      this.#at.set(name, { topic, partition, offset: offset + records.length });
      return { topic, partition, records };
    }
    return null;
  }
}

function committedKey(
  group: string | null,
  { topic, partition }: { topic: string; partition: number },
): string {
  return partition === 0 ? `${group}/${topic}` : `${group}/${topic}/${partition}`;
}
