import type { BusDriver, BusRecord, Subscription } from "../bus/contract.ts";

/** What of a topic is read, and how far. */
export interface FollowOptions {
  topic: string;
  fromBeginning: boolean;
  /** Wait for more at the end; else stop at what was the end when reading began. */
  follow: boolean;
  /** Records with this key alone. */
  key?: string;
  /** Stop after so many. */
  max?: number;
  /** Read as a member of this group and commit what was given out. */
  group?: string;
  /**
   * Milliseconds without a record after which a reader that does not follow gives up the end it has not reached: a bus
   * needs time to begin, and of a group others may have the rest.
   */
  patienceMs: number;
  signal: AbortSignal;
}

/**
 * Records of a topic in lots, as they come; in order within a partition.
 * @throws {Error} the bus has no such topic, or a reader of its own is not given all of it.
 */
export async function* follow(bus: BusDriver, options: FollowOptions): AsyncGenerator<BusRecord[]> {
  const [topic] = await bus.topics.describe([options.topic]);
  if (!topic) throw await unknownTopic(bus, options.topic);
  const ends = new Map(
    topic.partitions.filter((at) => at.endOffset > at.startOffset).map((at) => [at.partition, at.endOffset]),
  );
  if (!options.follow && (ends.size === 0 || !options.fromBeginning && !options.group)) return;
  await using subscription = await bus.open({
    group: options.group ?? null,
    topics: [options.topic],
    from: options.fromBeginning ? "earliest" : "latest",
  });
  yield* read({ bus, subscription, ends }, options);
}

/** Milliseconds between two looks at whether the end is reached. */
const LOOK_MS = 200;

interface Reading {
  bus: BusDriver;
  subscription: Subscription;
  /** Offsets behind what was there, by partition; those that are reached are taken out. */
  ends: Map<number, number>;
}

async function* read(reading: Reading, options: FollowOptions): AsyncGenerator<BusRecord[]> {
  const { subscription, ends } = reading;
  let left = options.max ?? Infinity;
  let since = performance.now();
  while (!options.signal.aborted && left > 0) {
    // Partitions that come while it waits have not been looked at.
    const own = subscription.assigned();
    const batch = await subscription.receive({
      max: Math.min(500, left),
      maxBytes: 1 << 20,
      waitMs: options.follow ? 1000 : Math.min(LOOK_MS, options.patienceMs),
      signal: options.signal,
    });
    if (!batch) {
      if (options.follow) continue;
      if (isRead(reading, own)) return;
      if (performance.now() - since < options.patienceMs) continue;
      if (options.group === undefined && reading.bus.name === "kafka") throw unread(reading, options);
      return;
    }
    since = performance.now();
    let last: BusRecord | undefined;
    const wanted: BusRecord[] = [];
    for (const record of batch.records) {
      if (!options.follow && record.offset >= (ends.get(batch.partition) ?? 0)) break;
      last = record;
      if (!hasKey(record, options.key)) continue;
      wanted.push(record);
      if (--left === 0) break;
    }
    if (wanted.length > 0) yield wanted;
    if (last && options.group) await subscription.commit({ through: last });
    if (options.follow) continue;
    const at = batch.records.at(-1);
    if (at && at.offset + 1 >= (ends.get(batch.partition) ?? 0)) ends.delete(batch.partition);
    if (ends.size === 0) return;
  }
}

/** Whether nothing is left of what this reader has been given; records that hold nothing to give are passed. */
function isRead({ bus, subscription, ends }: Reading, own: ReturnType<Subscription["assigned"]>): boolean {
  if (own.length === 0) return false;
  // What the log has it gives at once; its last offsets may hold no record.
  if (bus.name === "local") return true;
  return own.every((each) => (subscription.position(each) ?? 0) >= (ends.get(each.partition) ?? 0));
}

function unread({ ends }: Reading, { topic, patienceMs }: FollowOptions): Error {
  const left = [...ends].map(([partition, end]) => `partition ${partition} up to ${end}`).join(", ");
  return new Error(
    `Cannot read all of ${topic}: for ${
      patienceMs / 1_000
    } s nothing came of ${left}; see whether its brokers are up`,
  );
}

function hasKey(record: BusRecord, key: string | undefined): boolean {
  return key === undefined || (record.key !== null && new TextDecoder().decode(record.key) === key);
}

/** An error that names the topics there are. */
export async function unknownTopic(bus: BusDriver, name: string): Promise<Error> {
  const known = (await bus.topics.describe()).map((topic) => topic.name).sort();
  const there = known.length === 0 ? "it has none yet" : `it has ${known.join(", ")}`;
  const where = bus.name === "kafka" ? "Kafka" : "the local log";
  return new Error(`Cannot find topic "${name}": ${where} does not know it; ${there}`);
}
