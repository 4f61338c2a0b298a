import type { Clock } from "../clock.ts";
import type { BusRecord, RecordBatch, Subscription } from "../contract.ts";

/** Bounds of a batch. */
export interface BatchBounds {
  maxRecords: number;
  maxBytes: number;
  /** Milliseconds to let a batch fill after its first record. */
  lingerMs: number;
}

/** Bytes a record counts for: key, value and headers. */
export function recordBytes(record: Pick<BusRecord, "key" | "value" | "headers">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers) bytes += name.length + value.length;
  return bytes;
}

/** Collects what a subscription gives into batches of one partition, bounded by count, bytes and time. */
export class BatchReader {
  /** Read while another batch was filling; it comes next. */
  #ahead: RecordBatch | null = null;

  /** Reads from `subscription`; nobody else may. */
  constructor(
    private readonly subscription: Pick<Subscription, "receive">,
    private readonly bounds: BatchBounds,
    private readonly clock: Clock,
  ) {}

  /** The next batch, or `null` when none came within `waitMs` or `signal` aborted. */
  async next(waitMs: number, signal: AbortSignal): Promise<RecordBatch | null> {
    const { maxRecords, maxBytes, lingerMs } = this.bounds;
    const first = this.#ahead ??
      await this.subscription.receive({ max: maxRecords, maxBytes, waitMs, signal });
    this.#ahead = null;
    if (first === null) return null;
    const records = [...first.records];
    let bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const until = this.clock.now() + lingerMs;
    while (records.length < maxRecords && bytes < maxBytes && !signal.aborted) {
      const left = until - this.clock.now();
      if (left <= 0) break;
      const more = await this.subscription.receive({
        max: maxRecords - records.length,
        maxBytes: maxBytes - bytes,
        waitMs: left,
        signal,
      });
      if (more === null) break;
      const moreBytes = more.records.reduce((sum, record) => sum + recordBytes(record), 0);
      if (!follows(first, records, more) || bytes + moreBytes > maxBytes) {
        this.#ahead = more;
        break;
      }
      records.push(...more.records);
      bytes += moreBytes;
    }
    return { topic: first.topic, partition: first.partition, records };
  }

  /** Forgets what was read ahead of a partition that now belongs to another member. */
  forget(topic: string, partition: number): void {
    if (this.#ahead?.topic === topic && this.#ahead.partition === partition) this.#ahead = null;
  }
}

/** Same partition, and no step back, as after a reassignment. */
function follows(first: RecordBatch, records: readonly BusRecord[], more: RecordBatch): boolean {
  const last = records.at(-1);
  const next = more.records[0];
  return first.topic === more.topic && first.partition === more.partition &&
    last !== undefined && next !== undefined && next.offset > last.offset;
}
