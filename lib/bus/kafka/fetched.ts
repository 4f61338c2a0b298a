import type { Consumer, RecordsBatch } from "@platformatic/kafka";
import type { BusRecord } from "../contract.ts";
import { appendRecords } from "./records.ts";

/** A broker's answer. */
export type FetchResponse = Awaited<ReturnType<Consumer["fetch"]>>;

/** One partition of it. */
export type FetchedPartition = FetchResponse["responses"][number]["partitions"][number];

/** Bits of a batch's attributes. */
const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
/** Type of a control record that ends an aborted transaction. */
const ABORT = 0;

/**
 * The records of a fetched partition from `from` on that belong to no aborted transaction, and where the next fetch
 * starts.
 */
export function committedRecords(
  topic: string,
  fetched: FetchedPartition,
  from: number,
): { records: BusRecord[]; next: number } {
  const partition = fetched.partitionIndex;
  const aborted = [...fetched.abortedTransactions ?? []].sort((a, b) =>
    Number(a.firstOffset - b.firstOffset)
  );
  const aborting = new Set<bigint>();
  const records: BusRecord[] = [];
  let next = from;
  for (const batch of fetched.records ?? []) {
    const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let open = aborted[0]; open !== undefined && open.firstOffset <= last; open = aborted[0]) {
      aborting.add(open.producerId);
      aborted.shift();
    }
    next = Math.max(next, Number(last) + 1);
    if (batch.attributes & CONTROL) {
      if (controlType(batch) === ABORT) aborting.delete(batch.producerId);
      continue;
    }
    if (batch.attributes & TRANSACTIONAL && aborting.has(batch.producerId)) continue;
    appendRecords(records, topic, partition, batch, from);
  }
  return { records, next };
}

/** Second number of a control record's key. */
function controlType(batch: RecordsBatch): number | undefined {
  const key = batch.records[0]?.key;
  return key && key.length >= 4 ? key.readInt16BE(2) : undefined;
}
