import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { OutgoingRecord, Position } from "../bus/contract.ts";
import { SendError } from "../bus/send_error.ts";
import { BufferFullError } from "./buffer_full_error.ts";
import { Fifo } from "./fifo.ts";

/** A record on its way. */
export interface LingerItem {
  /** What is sent. */
  readonly record: OutgoingRecord;
  /** What it takes of the buffer. */
  readonly bytes: number;
  /** Where it is: waiting for room, in a batch, handed over, or settled. Written by the accumulator. */
  state: "line" | "batch" | "sent" | "done";
  /** There was room: it is in the buffer now. */
  admitted(): void;
  /** Called once, or `failed` is: it lies here. */
  stored(position: Position): void;
  /** Called once, or `stored` is: it may not be there. */
  failed(error: unknown): void;
}

/** How records are gathered. */
export interface LingerOptions {
  /** Stores records of one topic. Calls for one topic take effect in their order. */
  send(topic: string, records: readonly OutgoingRecord[]): Promise<readonly Position[]>;
  /** Milliseconds a record waits for others at most, while several batches of its topic are under way. */
  lingerMs: number;
  /** Bytes of a batch at most, but for its first record. */
  batchBytes: number;
  /** Records of a batch at most. */
  batchRecords: number;
  /** Bytes in batches and under way; above it records wait in line, and as much again may wait there. */
  bufferBytes: number;
}

/** Batches of a topic under way below which one that is begun leaves at once: while some travel the next is made. */
const SIDE_BY_SIDE = 3;

/** Records of one topic that leave together. */
interface Batch {
  readonly topic: string;
  readonly items: LingerItem[];
  /** Number of its first record, counted from 1. */
  readonly first: number;
  /** A partition that is not known to exist: whoever else was in the batch would fail with it. */
  readonly trial: number | undefined;
  bytes: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** Gathers single records into batches, keeps the order of each partition, and bounds what waits. */
export class Linger {
  readonly #options: LingerOptions;
  /** By topic. */
  readonly #open = new Map<string, Batch>();
  readonly #underWay = new Set<Batch>();
  readonly #underWayOf = new Map<string, number>();
  readonly #line = new Fifo<LingerItem>();
  /** The highest partition of each topic that has taken a record addressed to it. */
  readonly #known = new Map<string, number>();
  #buffered = 0;
  #lined = 0;
  #admitted = 0;
  #advancing = false;
  #leaving: Batch[] = [];
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #flushes: { through: number; resolve(): void }[] = [];

  /** Nothing waits yet. */
  constructor(options: LingerOptions) {
    this.#options = options;
  }

  /** Bytes in batches and under way. */
  get bufferedBytes(): number {
    return this.#buffered;
  }

  /** Bytes that wait for room. */
  get linedBytes(): number {
    return this.#lined;
  }

  /** Records not yet settled. Looks at each. */
  get records(): number {
    let count = 0;
    for (
      const items of [
        this.#line,
        ...[...this.#open.values(), ...this.#underWay].map(({ items }) => items),
      ]
    ) {
      for (const { state } of items) if (state !== "done") count++;
    }
    return count;
  }

  /**
   * Takes a record, or puts it in line where there is no room.
   * @throws {BufferFullError} the line is full too; the record was not taken.
   */
  add(item: LingerItem): void {
    this.#skipSettled();
    if (this.#line.length === 0 && this.#fits(item.bytes)) return this.#admit(item);
    const { bufferBytes } = this.#options;
    if (this.#lined > 0 && this.#lined + item.bytes > bufferBytes) {
      throw new BufferFullError(
        `Cannot publish to "${item.record.topic}": ${bufferBytes} bytes are under way and as many wait for room; ` +
          "await publish() now and then, or raise extra.bufferMemory",
      );
    }
    item.state = "line";
    this.#lined += item.bytes;
    this.#line.push(item);
  }

  /** Takes a record back that was not handed over yet; `false` where it was. */
  withdraw(item: LingerItem): boolean {
    if (item.state !== "line" && item.state !== "batch") return false;
    if (item.state === "line") this.#lined -= item.bytes;
    else this.#buffered -= item.bytes;
    item.state = "done";
    return true;
  }

  /** Sends what waits now; resolves when everything added before this call is settled. */
  flush(): Promise<void> {
    const through = this.#admitted + this.#line.length;
    if (this.#oldest() > through) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#flushes.push({ through, resolve });
    for (const batch of [...this.#open.values()]) this.#handOver(batch);
    return promise;
  }

  /** Fails everything that is not settled, and forgets it. */
  abandon(error: unknown): void {
    const batches = [...this.#open.values(), ...this.#underWay];
    for (const batch of this.#open.values()) clearTimeout(batch.timer);
    this.#open.clear();
    if (this.#immediate !== undefined) clearImmediate(this.#immediate);
    this.#leaving = [];
    for (const { items } of batches) for (const item of items) settle(item, () => item.failed(error));
    for (let item = this.#line.shift(); item !== undefined; item = this.#line.shift()) {
      const lined = item;
      this.#admitted++;
      settle(lined, () => lined.failed(error));
    }
    this.#lined = 0;
    this.#underWay.clear();
    this.#flushed();
  }

  #fits(bytes: number): boolean {
    return this.#buffered === 0 || this.#buffered + bytes <= this.#options.bufferBytes;
  }

  #admit(item: LingerItem): void {
    const { batchBytes, batchRecords } = this.#options;
    const { topic, partition } = item.record;
    const trial = partition !== undefined && partition > (this.#known.get(topic) ?? -1)
      ? partition
      : undefined;
    let batch = this.#open.get(topic);
    const tooLarge = batch !== undefined && batch.bytes + item.bytes > batchBytes;
    if (batch !== undefined && (tooLarge || batch.trial !== trial)) {
      this.#handOver(batch);
      batch = undefined;
    }
    this.#admitted++;
    this.#buffered += item.bytes;
    item.state = "batch";
    if (batch === undefined) {
      batch = { topic, items: [], first: this.#admitted, trial, bytes: 0, timer: undefined };
      this.#open.set(topic, batch);
      this.#schedule(batch);
    }
    batch.items.push(item);
    batch.bytes += item.bytes;
    item.admitted();
    if (batch.bytes >= batchBytes || batch.items.length >= batchRecords) this.#handOver(batch);
  }

  #schedule(batch: Batch): void {
    const { lingerMs } = this.#options;
    if (
      lingerMs > 0 && this.#flushes.length === 0 && (this.#underWayOf.get(batch.topic) ?? 0) >= SIDE_BY_SIDE
    ) {
      batch.timer = setTimeout(() => this.#handOver(batch), lingerMs);
      return;
    }
    if (this.#underWay.size === 0 && this.#leaving.length === 0) {
      // What is published in one go shares a batch all the same.
      queueMicrotask(() => this.#handOver(batch));
      return;
    }
    this.#leaving.push(batch);
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      const leaving = this.#leaving;
      this.#leaving = [];
      for (const each of leaving) this.#handOver(each);
    });
  }

  #handOver(batch: Batch): void {
    const { topic } = batch;
    if (this.#open.get(topic) !== batch) return;
    clearTimeout(batch.timer);
    this.#open.delete(topic);
    const items = batch.items.filter((item) => item.state === "batch");
    if (items.length === 0) {
      this.#advance();
      return this.#flushed();
    }
    for (const item of items) item.state = "sent";
    const sent = { ...batch, items };
    this.#underWay.add(sent);
    this.#underWayOf.set(topic, (this.#underWayOf.get(topic) ?? 0) + 1);
    void this.#deliver(sent);
  }

  async #deliver(batch: Batch): Promise<void> {
    const { topic, items, trial } = batch;
    try {
      const positions = await this.#options.send(topic, items.map((item) => item.record));
      if (trial !== undefined) this.#known.set(topic, Math.max(trial, this.#known.get(topic) ?? -1));
      this.#settle(items, positions, undefined);
    } catch (error) {
      const [positions, cause] = error instanceof SendError
        ? [error.acknowledged, error.causes[0] ?? error]
        : [[], error];
      this.#settle(items, positions, cause);
    }
    for (const { bytes } of items) this.#buffered -= bytes;
    this.#underWay.delete(batch);
    const others = (this.#underWayOf.get(topic) ?? 1) - 1;
    if (others > 0) this.#underWayOf.set(topic, others);
    else this.#underWayOf.delete(topic);
    const next = this.#open.get(topic);
    if (others < SIDE_BY_SIDE && next?.timer !== undefined) this.#handOver(next);
    this.#advance();
    this.#flushed();
  }

  #settle(items: readonly LingerItem[], positions: readonly (Position | undefined)[], error: unknown): void {
    items.forEach((item, i) => {
      const position = positions[i];
      if (position !== undefined) settle(item, () => item.stored(position));
      else {settle(item, () =>
          item.failed(error ?? new Error("Cannot tell where the record lies: no position came")));}
    });
  }

  /** Lets in who waits in line, in order. */
  #advance(): void {
    // Letting one in may hand a batch over, and that comes here again: the next one's turn is after this one's.
    if (this.#advancing) return;
    this.#advancing = true;
    this.#skipSettled();
    for (
      let item = this.#line.peek();
      item !== undefined && this.#fits(item.bytes);
      item = this.#line.peek()
    ) {
      this.#line.shift();
      this.#lined -= item.bytes;
      this.#admit(item);
      this.#skipSettled();
    }
    this.#advancing = false;
    if (this.#flushes.length > 0) { for (const batch of [...this.#open.values()]) this.#handOver(batch); }
  }

  #skipSettled(): void {
    while (this.#line.peek()?.state === "done") {
      this.#line.shift();
      this.#admitted++;
    }
  }

  /** Number of the oldest record that is not settled. */
  #oldest(): number {
    let oldest = Infinity;
    for (const { first } of this.#open.values()) oldest = Math.min(oldest, first);
    for (const { first } of this.#underWay) oldest = Math.min(oldest, first);
    return this.#line.length > 0 ? Math.min(oldest, this.#admitted + 1) : oldest;
  }

  #flushed(): void {
    if (this.#flushes.length === 0) return;
    const oldest = this.#oldest();
    const over = this.#flushes.filter(({ through }) => through < oldest);
    this.#flushes = this.#flushes.filter(({ through }) => through >= oldest);
    for (const { resolve } of over) resolve();
  }
}

function settle(item: LingerItem, tell: () => void): void {
  if (item.state === "done") return;
  item.state = "done";
  tell();
}
