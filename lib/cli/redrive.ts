import type {
  BusDriver,
  BusRecord,
  OutgoingRecord,
  Position,
  RecordBatch,
  Subscription,
  TopicDescription,
} from "../bus/contract.ts";
import { DEAD_LETTER_HEADERS } from "../bus/stream/dead_letters.ts";
import { REDRIVE_GROUP, type Redriven, redrivenOf, singleGroup } from "../bus/stream/redriven.ts";
import { readLetter } from "./letter.ts";
import { readRange } from "./open_letters.ts";

/** Which letters: one, or the oldest. */
export type RedriveWhat = { partition: number; offset: number } | { max: number };

/** What is sent back, and how. */
export interface RedriveOptions {
  /** The dead-letter topic. */
  topic: TopicDescription;
  what: RedriveWhat;
  /** Real name of the topic they go to. Default: where each came from. */
  to?: string;
  /** Those that were sent back before, too. */
  again: boolean;
  /** Sends nothing. */
  dryRun: boolean;
  signal: AbortSignal;
}

/** A letter, and the record it becomes. */
export interface Redrive {
  letter: BusRecord;
  output: OutgoingRecord;
}

/** Letters sent back with one commit, and their bytes. */
const LOT = { max: 100, maxBytes: 1 << 20 } as const;
/** Milliseconds one read waits at most, and until another that sends the same letters back is given up on. */
const WAIT_MS = 1_000;
const PATIENCE_MS = 30_000;

const encoder = new TextEncoder();

/**
 * Sends letters back, and gives what was sent in lots. Letters and the group's progress commit together, so that none
 * is sent twice, but for those of `again`.
 * @throws {Error} a topic they came from is gone, there is no such letter, or another redrive is at work.
 */
export async function* redrive(bus: BusDriver, options: RedriveOptions): AsyncGenerator<Redrive[]> {
  const redriven = await redrivenOf(bus, options.topic.name);
  const work = new Redriver(bus, options, redriven);
  yield* "offset" in options.what ? work.one(options.what) : work.oldest(options.what.max);
}

class Redriver {
  readonly #bus: BusDriver;
  readonly #options: RedriveOptions;
  readonly #redriven: Redriven;
  readonly #targets = new Map<string, number>();

  constructor(bus: BusDriver, options: RedriveOptions, redriven: Redriven) {
    this.#bus = bus;
    this.#options = options;
    this.#redriven = redriven;
  }

  /** One letter. A group of its own remembers it, for those before it may not have been sent back yet. */
  async *one({ partition, offset }: { partition: number; offset: number }): AsyncGenerator<Redrive[]> {
    const { topic, again, dryRun, signal } = this.#options;
    const letter: Position = { topic: topic.name, partition, offset };
    const sent = this.#redriven.has(letter);
    if (sent && !again) return;
    const range = { topic: topic.name, partition, from: offset, to: offset + 1 };
    const at = topic.partitions.find((each) => each.partition === partition);
    const there = at !== undefined && offset >= at.startOffset && offset < at.endOffset;
    const [record] = there ? (await Array.fromAsync(readRange(this.#bus, range, signal))).flat() : [];
    if (record === undefined) {
      throw new Error(`Cannot redrive ${partition}/${offset} of ${topic.name}: there is no such letter`);
    }
    const lot = await this.#lot([record]);
    if (dryRun) return yield lot;
    if (sent) {
      await this.#bus.send(outputsOf(lot), { signal });
      return yield lot;
    }
    await using subscription = await this.#bus.open({
      group: singleGroup(letter),
      topics: [topic.name],
      from: { offset },
    });
    const batch = await this.#receive(subscription, (place) => place.partition === partition, 1);
    if (batch === null) return;
    await subscription.commit({ through: letter, outputs: outputsOf(lot) });
    yield lot;
  }

  /** The oldest letters, in the order of their partitions. */
  async *oldest(max: number): AsyncGenerator<Redrive[]> {
    const { topic, again, dryRun } = this.#options;
    let left = max;
    if (again) {
      for (const at of topic.partitions) {
        for await (const lot of this.#read(at, { from: at.startOffset, to: this.#redriven.next(at) }, left)) {
          if (!dryRun) await this.#bus.send(outputsOf(lot), { signal: this.#options.signal });
          left -= lot.length;
          yield lot;
        }
      }
    }
    if (left === 0) return;
    if (!dryRun) return yield* this.#group(left);
    for (const at of topic.partitions) {
      for await (const lot of this.#read(at, { from: this.#redriven.next(at), to: at.endOffset }, left)) {
        left -= lot.length;
        yield lot;
      }
    }
  }

  /** Those that the group has not passed; letters and its progress commit together. */
  async *#group(max: number): AsyncGenerator<Redrive[]> {
    const { topic } = this.#options;
    const left = new Map(
      topic.partitions.filter((at) => this.#redriven.next(at) < at.endOffset)
        .map(({ partition, endOffset }) => [partition, endOffset]),
    );
    if (left.size === 0) return;
    await using subscription = await this.#bus.open({
      group: REDRIVE_GROUP,
      topics: [topic.name],
      from: "earliest",
    });
    for (let sent = 0; sent < max;) {
      for (const [partition, end] of left) {
        if ((subscription.position({ topic: topic.name, partition }) ?? 0) >= end) left.delete(partition);
      }
      if (left.size === 0) return;
      const batch = await this.#receive(subscription, ({ partition }) => left.has(partition), max - sent);
      const end = left.get(batch?.partition ?? -1) ?? 0;
      const records = batch?.records.filter(({ offset }) => offset < end) ?? [];
      const last = records.at(-1);
      if (last === undefined) continue;
      const lot = await this.#lot(records.filter((each) => this.#options.again || !this.#redriven.has(each)));
      await subscription.commit({ through: last, outputs: outputsOf(lot) });
      sent += lot.length;
      yield lot;
    }
  }

  /** Waits for letters as a member of a group. `null`: the end was reached without any. */
  async #receive(
    subscription: Subscription,
    only: (place: { topic: string; partition: number }) => boolean,
    max: number,
  ): Promise<RecordBatch | null> {
    const { topic, signal } = this.#options;
    const until = performance.now() + PATIENCE_MS;
    while (true) {
      signal.throwIfAborted();
      const size = { max: Math.min(max, LOT.max), maxBytes: LOT.maxBytes };
      const batch = await subscription.receive({ ...size, waitMs: WAIT_MS, signal, only });
      if (batch !== null) return batch;
      const wanted = topic.partitions.filter(({ partition }) => only({ topic: topic.name, partition }));
      const atEnd = wanted.some(({ partition, endOffset }) =>
        (subscription.position({ topic: topic.name, partition }) ?? 0) >= endOffset
      );
      if (atEnd) return null;
      if (performance.now() > until) {
        throw new Error(
          `Cannot redrive ${topic.name}: another redrive of it is at work, or the bus gives no records; try again`,
        );
      }
    }
  }

  /** Reads without a group. */
  async *#read(
    { partition }: { partition: number },
    { from, to }: { from: number; to: number },
    max: number,
  ): AsyncGenerator<Redrive[]> {
    const { topic, again, signal } = this.#options;
    let left = max;
    for await (const records of readRange(this.#bus, { topic: topic.name, partition, from, to }, signal)) {
      if (left === 0) return;
      const lot = await this.#lot(
        records.filter((each) => again || !this.#redriven.has(each)).slice(0, left),
      );
      left -= lot.length;
      if (lot.length > 0) yield lot;
    }
  }

  async #lot(records: readonly BusRecord[]): Promise<Redrive[]> {
    const lot: Redrive[] = [];
    for (const letter of records) lot.push({ letter, output: await this.#output(letter) });
    return lot;
  }

  /** The record as it was, but for what its headers said of its failure. */
  async #output(record: BusRecord): Promise<OutgoingRecord> {
    const { topic, partition, redriven, headers } = readLetter(record);
    const target = this.#options.to ?? topic;
    const partitions = await this.#partitions(target);
    const home = record.key === null && target === topic && partition !== null && partition < partitions;
    return {
      topic: target,
      key: record.key,
      value: record.value,
      headers: [...headers, [DEAD_LETTER_HEADERS.redriven, encoder.encode(String(redriven + 1))]],
      ...(home && { partition }),
    };
  }

  async #partitions(topic: string): Promise<number> {
    const known = this.#targets.get(topic);
    if (known !== undefined) return known;
    const [found] = await this.#bus.topics.describe([topic]);
    if (!found) {
      throw new Error(
        `Cannot redrive ${this.#options.topic.name}: there is no topic ${topic}; name another with --to`,
      );
    }
    this.#targets.set(topic, found.partitions.length);
    return found.partitions.length;
  }
}

function outputsOf(lot: readonly Redrive[]): OutgoingRecord[] {
  return lot.map(({ output }) => output);
}
