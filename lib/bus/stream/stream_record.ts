import type { BusRecord, Header } from "../contract.ts";
import type { StreamRecord } from "../handler.ts";

const decoder = new TextDecoder();

/** A record under its topic's logical name, as a handler sees it. */
export class DecodedRecord implements StreamRecord {
  /** See `StreamRecord`. */
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  readonly timestamp: number;

  /** `data` is what the topic's codec made of the value. */
  constructor(record: BusRecord, readonly topic: string, readonly data: unknown) {
    this.partition = record.partition;
    this.offset = record.offset;
    this.key = record.key;
    this.value = record.value;
    this.headers = record.headers;
    this.timestamp = record.timestamp;
  }

  /** The key as UTF-8; most handlers never ask. */
  get keyText(): string | null {
    return this.key && decoder.decode(this.key);
  }
}
