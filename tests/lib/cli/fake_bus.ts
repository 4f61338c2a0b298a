import type { BusDriver, BusRecord, Position, RecordBatch } from "../../../lib/bus/contract.ts";

/** A record of a fake bus. */
export function fakeRecord(partition: number, offset: number, more: Partial<BusRecord> = {}): BusRecord {
  return { topic: "t", partition, offset, key: null, value: null, headers: [], timestamp: 0, ...more };
}

/** A bus of one topic `t` that gives these batches one after the other. */
export function fakeBus(options: {
  name?: BusDriver["name"];
  partitions: { startOffset: number; endOffset: number }[];
  batches: (BusRecord[] | null)[];
  /** Where the reader is in each partition it has; without it none is its own. */
  positions?: () => readonly number[];
}): { bus: BusDriver; committed: Position[]; opened: { group: string | null; from: unknown }[] } {
  const committed: Position[] = [];
  const opened: { group: string | null; from: unknown }[] = [];
  const topic = {
    name: "t",
    partitions: options.partitions.map((at, partition) => ({ partition, ...at })),
    replication: 1,
    settings: {},
  };
  const left = [...options.batches];
  const nothing = () => Promise.reject(new Error("not asked of this fake"));
  const bus: BusDriver = {
    name: options.name ?? "local",
    topics: {
      describe: (names) => Promise.resolve(names === undefined || names.includes("t") ? [topic] : []),
      plan: nothing,
      apply: nothing,
      deleteRecords: nothing,
    },
    groups: { list: nothing, describe: nothing, lags: nothing },
    open({ group, from }) {
      opened.push({ group, from });
      return Promise.resolve({
        receive({ max }) {
          const records = left.shift();
          const [first] = records ?? [];
          if (!records || !first) return Promise.resolve(null);
          if (records.length > max) left.unshift(records.slice(max));
          const batch: RecordBatch = {
            topic: "t",
            partition: first.partition,
            records: records.slice(0, max),
          };
          return Promise.resolve(batch);
        },
        commit: ({ through }) => Promise.resolve(void committed.push(through)),
        seek: () => {},
        position: ({ partition }) => options.positions?.()[partition] ?? null,
        assigned: () => (options.positions?.() ?? []).map((_, partition) => ({ topic: "t", partition })),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
    send: nothing,
    lag: nothing,
    ping: nothing,
    isRetryable: () => false,
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { bus, committed, opened };
}
