import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { readRecord, type RecordRead } from "../read_record.ts";
import type { TrailItem } from "../trail_verifier.ts";
import { type Batch, batchesOf } from "./batches.ts";
import { AHEAD, ReaderThread } from "./reader_thread.ts";

/** How much is read at once, and by how many. */
export interface ReadAheadOptions {
  /** Threads beside this one. Default: as many as there are processors to spare, at most 2. */
  readonly threads?: number;
  /** Items of a batch. Default 500. */
  readonly batch?: number;
}

type Reading = RecordRead[] | Promise<RecordRead[]>;

/** More would wait for the thread that verifies. */
const MOST_THREADS = 2;

/**
 * The items in their order, in batches; records among them have been read, by threads beside this one as soon as there
 * is more than one batch. What no thread has room for is read here.
 */
export async function* readAhead(
  items: Iterable<TrailItem> | AsyncIterable<TrailItem>,
  { threads = Math.min(MOST_THREADS, availableParallelism() - 1), batch: size = 500 }: ReadAheadOptions = {},
): AsyncGenerator<TrailItem[]> {
  using stack = new DisposableStack();
  const readers: ReaderThread[] = [];
  const underWay: { batch: Batch; reads: Reading }[] = [];
  const next = async () => {
    const { batch, reads } = underWay.shift()!;
    return withReads(batch, await reads);
  };
  const begin = async (batch: Batch) => {
    // What the threads are done with comes in.
    await setImmediate();
    underWay.push({ batch, reads: read(batch.records, readers) });
  };
  let before: Batch | undefined;
  for await (const batch of batchesOf(items, size)) {
    if (before && readers.length === 0) {
      for (let at = 0; at < threads; at++) readers.push(stack.use(new ReaderThread()));
    }
    if (before) await begin(before);
    before = batch;
    while (underWay.length > threads * AHEAD) yield await next();
  }
  if (before) await begin(before);
  while (underWay.length > 0) yield await next();
}

/** Gives records to the thread that has the fewest; where none has room, reads them. */
function read(records: readonly Uint8Array[], readers: readonly ReaderThread[]): Reading {
  const [reader] = readers.filter(({ hasRoom }) => hasRoom).sort((one, other) => one.load - other.load);
  return reader ? reader.read(records) : records.map(readRecord);
}

function withReads({ items }: Batch, reads: readonly RecordRead[]): TrailItem[] {
  let at = 0;
  return items.map((item) => item.type === "record" ? { ...item, read: reads[at++] } : item);
}
