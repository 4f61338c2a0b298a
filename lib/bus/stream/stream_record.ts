import type { BusRecord } from "../contract.ts";
import type { StreamRecord } from "../handler.ts";

const decoder = new TextDecoder();

/** A record under its topic's logical name, as a handler sees it. */
export function streamRecord(record: BusRecord, topic: string, data: unknown): StreamRecord {
  return { ...record, topic, data, keyText: record.key && decoder.decode(record.key) };
}
