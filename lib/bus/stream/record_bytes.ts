import type { BusRecord } from "../contract.ts";

/** Bytes a record counts for: key, value and headers. */
export function recordBytes(record: Pick<BusRecord, "key" | "value" | "headers">): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers) bytes += name.length + value.length;
  return bytes;
}
