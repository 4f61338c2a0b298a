import type {
  BusDriver,
  BusRecord,
  OpenOptions,
  OutgoingRecord,
  ReceiveOptions,
  Subscription,
  TopicSpec,
} from "../bus/contract.ts";

/** One sentence of the bus contract and what shows it. */
export interface BusCase {
  /** What holds. */
  name: string;
  /** Throws where it does not hold. */
  run(bench: BusBench): Promise<void>;
}

/** How records are compressed on their way and on the broker. */
export type Codec = "gzip" | "snappy" | "lz4" | "zstd";

/** A driver for one case; disposing of it takes away what it needed (a folder, a broker). */
export interface DriverUnderTest extends AsyncDisposable {
  /** Fresh, or with nothing in it that the suite would touch. */
  driver: BusDriver;
}

/** What a case works with: a driver, and helpers that wait with a deadline instead of sleeping. */
export class BusBench {
  /** The driver under test. */
  readonly driver: BusDriver;
  /** Milliseconds after which waiting fails. */
  readonly deadlineMs: number;
  /** Another driver on the same bus, which compresses what it sends. */
  readonly compressing: ((codec: Codec) => Promise<DriverUnderTest>) | undefined;

  /** Works with one driver, which nobody else uses. */
  constructor(
    driver: BusDriver,
    deadlineMs: number,
    compressing?: (codec: Codec) => Promise<DriverUnderTest>,
  ) {
    this.driver = driver;
    this.deadlineMs = deadlineMs;
    this.compressing = compressing;
  }

  /** Creates a topic with a name of its own. */
  async topic(spec: Partial<TopicSpec> = {}): Promise<string> {
    const name = spec.name ?? uniqueName("topic");
    await this.driver.topics.apply([{ partitions: 1, replication: 1, ...spec, name }]);
    await this.settled(name, spec.partitions ?? 1);
    return name;
  }

  /** Waits until the whole bus knows a topic as it was just made; a cluster takes a moment to agree on it. */
  settled(topic: string, partitions?: number): Promise<void> {
    return this.eventually(`topic ${topic} can be described`, async () => {
      try {
        const [found] = await this.driver.topics.describe([topic]);
        return found !== undefined && (partitions === undefined || found.partitions.length === partitions);
      } catch (error) {
        if (this.driver.isRetryable(error)) return false;
        throw error;
      }
    });
  }

  /** Opens a subscription; from the earliest record unless said otherwise. */
  open(options: Pick<OpenOptions, "group" | "topics"> & Partial<OpenOptions>): Promise<Subscription> {
    return this.driver.open({ from: "earliest", ...options });
  }

  /** Sends texts to partition 0, in order. */
  sendTexts(topic: string, texts: readonly string[], rest: Partial<OutgoingRecord> = {}) {
    return this.driver.send(texts.map((text) => ({ topic, partition: 0, value: bytes(text), ...rest })));
  }

  /** Receives until `count` records have come. */
  async receive(
    subscription: Subscription,
    count: number,
    rest: Pick<ReceiveOptions, "only"> = {},
  ): Promise<BusRecord[]> {
    const records: BusRecord[] = [];
    const until = performance.now() + this.deadlineMs;
    while (records.length < count) {
      const left = until - performance.now();
      if (left <= 0) throw new Error(`Cannot receive ${count} records: ${records.length} came in time`);
      const waitMs = Math.min(left, 500);
      const max = count - records.length;
      const batch = await subscription.receive({ ...rest, max, maxBytes: 16_000_000, waitMs });
      if (batch) records.push(...batch.records);
    }
    return records;
  }

  /** Waits until subscriptions have this many partitions between them, each at least one. */
  async assigned(subscriptions: readonly Subscription[], partitions: number): Promise<void> {
    await this.eventually(`${subscriptions.length} members have ${partitions} partitions`, async () => {
      for (const one of subscriptions) {
        const early = await one.receive({ max: 1, maxBytes: 1_000, waitMs: 10 });
        if (early) throw new Error("Cannot wait for members: a record came before any was sent");
      }
      const counts = subscriptions.map((one) => one.assigned().length);
      return Math.min(...counts) > 0 && counts.reduce((sum, one) => sum + one) === partitions;
    });
  }

  /** The same where records wait already: none of them is taken. */
  async arrived(subscriptions: readonly Subscription[], partitions: number): Promise<void> {
    await this.eventually(`${subscriptions.length} readers have ${partitions} partitions`, async () => {
      for (const one of subscriptions) {
        await one.receive({ max: 1, maxBytes: 1_000, waitMs: 5, only: () => false });
      }
      const counts = subscriptions.map((one) => one.assigned().length);
      return Math.min(...counts) > 0 && counts.reduce((sum, one) => sum + one) === partitions;
    });
  }

  /**
   * Waits until a group is at these offsets, by partition. What a commit has stored may be told a moment later where the
   * bus keeps offsets elsewhere.
   */
  async committed(group: string, topic: string, offsets: readonly (number | null)[]): Promise<void> {
    const wanted = JSON.stringify(offsets);
    await this.eventually(`group ${group} is at ${wanted}`, async () => {
      const lags = await this.driver.lag(group, [topic]);
      return JSON.stringify(lags.map(({ committed }) => committed)) === wanted;
    });
  }

  /** Asks again until it holds. */
  async eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + this.deadlineMs;
    while (!await holds()) {
      if (performance.now() > until) throw new Error(`Cannot go on: not in time: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A name no other case has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${crypto.randomUUID()}`;
}

/** UTF-8. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The records' values as texts. */
export function texts(records: readonly BusRecord[]): (string | null)[] {
  return records.map(({ value }) => value && new TextDecoder().decode(value));
}
