import type { TrailItem } from "../trail_verifier.ts";

/** Items that follow each other. */
export interface Batch {
  readonly items: readonly TrailItem[];
  /** Bytes of the records among them, in order. */
  readonly records: readonly Uint8Array[];
}

/** Bytes of records that make a batch, however few they are. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Items in batches of `size`, in their order. */
export async function* batchesOf(
  items: Iterable<TrailItem> | AsyncIterable<TrailItem>,
  size: number,
): AsyncGenerator<Batch> {
  const gathering = new Gathering(size);
  if (Symbol.asyncIterator in items) {
    for await (const item of items) if (gathering.add(item)) yield gathering.take();
  } else for (const item of items) if (gathering.add(item)) yield gathering.take();
  const last = gathering.take();
  if (last.items.length > 0) yield last;
}

class Gathering {
  #items: TrailItem[] = [];
  #records: Uint8Array[] = [];
  #bytes = 0;

  constructor(private readonly size: number) {}

  /** Whether the batch is full by it. */
  add(item: TrailItem): boolean {
    this.#items.push(item);
    if (item.type === "record") {
      this.#records.push(item.bytes);
      this.#bytes += item.bytes.length;
    }
    return this.#items.length >= this.size || this.#bytes >= MOST_BYTES;
  }

  take(): Batch {
    const batch = { items: this.#items, records: this.#records };
    this.#items = [];
    this.#records = [];
    this.#bytes = 0;
    return batch;
  }
}
