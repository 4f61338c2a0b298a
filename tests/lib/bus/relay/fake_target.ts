import type { OutgoingRecord, Position, TopicAdmin, TopicSpec } from "../../../../lib/bus/contract.ts";
import type { RelayTarget } from "../../../../lib/bus/relay/target.ts";

/** What a fake target does with one `send`, instead of storing everything. */
export type Script = (
  records: readonly OutgoingRecord[],
  signal: AbortSignal | undefined,
) => Promise<Position[]>;

/** A cluster in memory, with faults on demand. */
export class FakeTarget implements RelayTarget {
  /** Everything stored, in the order it came. */
  readonly stored: OutgoingRecord[] = [];
  /** Used up one a send, before `always`. */
  readonly script: Script[] = [];
  /** What is done once `script` is used up. */
  always: Script = (records) => this.store(records);
  /** Topics that are there, with their partitions. */
  readonly existing = new Map<string, number>();
  /** What `apply` was asked for. */
  readonly applied: TopicSpec[] = [];
  /** Thrown by `describe` and `apply`, once each. */
  readonly topicFaults: Error[] = [];
  /** Sends under way now, and at most so far. */
  underWay = { now: 0, most: 0, records: 0 };

  readonly topics: TopicAdmin = {
    describe: (names = []) =>
      this.#admin(() =>
        names.filter((name) => this.existing.has(name)).map((name) => ({
          name,
          replication: 1,
          settings: {},
          partitions: Array.from({ length: this.existing.get(name) ?? 0 }, (_, partition) => ({
            partition,
            startOffset: 0,
            endOffset: 0,
          })),
        }))
      ),
    plan: () => Promise.resolve([]),
    apply: (specs) =>
      this.#admin(() => {
        this.applied.push(...specs);
        for (const { name, partitions } of specs) this.existing.set(name, partitions);
        return [];
      }),
    deleteRecords: () => Promise.reject(new Error("not asked of this fake")),
  };

  async send(records: readonly OutgoingRecord[], options?: { signal?: AbortSignal }): Promise<Position[]> {
    this.underWay.now++;
    this.underWay.records += records.length;
    this.underWay.most = Math.max(this.underWay.most, this.underWay.records);
    try {
      return await (this.script.shift() ?? this.always)(records, options?.signal);
    } finally {
      this.underWay.now--;
      this.underWay.records -= records.length;
    }
  }

  /** Stores records as a cluster would. */
  store(records: readonly OutgoingRecord[]): Promise<Position[]> {
    this.stored.push(...records);
    return Promise.resolve(
      records.map(({ topic, partition = 0 }, offset) => ({ topic, partition, offset })),
    );
  }

  /** Values stored, as texts. */
  values(): string[] {
    return this.stored.map(({ value }) => new TextDecoder().decode(value ?? undefined));
  }

  isRetryable(): boolean {
    return true;
  }

  #admin<T>(work: () => T): Promise<T> {
    const fault = this.topicFaults.shift();
    return fault ? Promise.reject(fault) : Promise.resolve().then(work);
  }
}
