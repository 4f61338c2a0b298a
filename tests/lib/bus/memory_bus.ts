import type {
  BusDriver,
  BusRecord,
  CommitOptions,
  OpenOptions,
  OutgoingRecord,
  PartitionLag,
  Position,
  RecordBatch,
  Subscription,
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

/** A bus of one partition a topic in memory, with faults on demand. */
export class MemoryBus implements Pick<BusDriver, "open" | "lag" | "isRetryable"> {
  readonly records = new Map<string, BusRecord[]>();
  readonly committed = new Map<string, number>();
  /** What `write` functions wrote, once committed. */
  readonly rows: string[] = [];
  readonly opened: OpenOptions[] = [];
  closed = 0;
  /** Each is thrown once by the call it is for. */
  readonly faults: { open: unknown[]; receive: unknown[]; commit: unknown[] } = {
    open: [],
    receive: [],
    commit: [],
  };
  /** Errors `isRetryable` agrees to. */
  readonly retryable = new Set<unknown>();
  readonly #appended = new Progress();

  append(topic: string, values: readonly string[]): void {
    for (const value of values) this.#add({ topic, value: new TextEncoder().encode(value) });
    this.#appended.made();
  }

  values(topic: string): string[] {
    return (this.records.get(topic) ?? []).map(({ value }) => new TextDecoder().decode(value ?? undefined));
  }

  #add(record: OutgoingRecord): void {
    const log = this.records.get(record.topic) ?? [];
    this.records.set(record.topic, log);
    log.push({
      topic: record.topic,
      partition: 0,
      offset: log.length,
      key: record.key ?? null,
      value: record.value,
      headers: record.headers ?? [],
      timestamp: record.timestamp ?? 0,
    });
  }

  isRetryable(error: unknown): boolean {
    return this.retryable.has(error);
  }

  lag(group: string, topics: readonly string[] = []): Promise<PartitionLag[]> {
    return Promise.resolve(topics.map((topic) => {
      const endOffset = this.records.get(topic)?.length ?? 0;
      const committed = this.committed.get(`${group}/${topic}`) ?? null;
      return { topic, partition: 0, committed, endOffset, lag: endOffset - (committed ?? 0) };
    }));
  }

  open(options: OpenOptions): Promise<Subscription> {
    if (this.faults.open.length > 0) return Promise.reject(this.faults.open.shift());
    this.opened.push(options);
    const at = new Map(
      options.topics.map((topic) => [topic, this.committed.get(`${options.group}/${topic}`) ?? 0]),
    );
    const take = (max: number): RecordBatch | null => {
      for (const [topic, offset] of at) {
        const records = (this.records.get(topic) ?? []).slice(offset, offset + max);
        if (records.length === 0) continue;
        at.set(topic, offset + records.length);
        return { topic, partition: 0, records };
      }
      return null;
    };
    return Promise.resolve({
      receive: async ({ max, waitMs, signal }) => {
        if (this.faults.receive.length > 0) throw this.faults.receive.shift();
        const now = take(max);
        if (now !== null || waitMs < 100) return now;
        await this.#appended.next(signal);
        return take(max);
      },
      commit: (commit) => this.#commit(options.group, commit),
      seek: ({ topic, offset }: Position) => void at.set(topic, offset),
      assigned: () => options.topics.map((topic) => ({ topic, partition: 0 })),
      [Symbol.asyncDispose]: () => {
        this.closed++;
        return Promise.resolve();
      },
    });
  }

  async #commit(group: string | null, { through, outputs = [], write }: CommitOptions): Promise<void> {
    await Promise.resolve();
    if (this.faults.commit.length > 0) throw this.faults.commit.shift();
    const rows: string[] = [];
    const more = write?.(noteTransaction(rows)) ?? [];
    this.rows.push(...rows);
    for (const record of [...outputs, ...more]) this.#add(record);
    this.committed.set(`${group}/${through.topic}`, through.offset + 1);
    this.#appended.made();
  }
}
