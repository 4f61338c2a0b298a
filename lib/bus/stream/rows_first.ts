import { Buffer } from "node:buffer";
import type { Migration, Store, Transaction } from "../../store/contract.ts";
import type {
  BusDriver,
  CommitOptions,
  OutgoingRecord,
  Position,
  RecordBatch,
  Subscription,
} from "../contract.ts";

/** Owner of the fences' table in `capstan_migrations`. */
export const FENCE_OWNER = "fences";

/** How far each group's rows are, and the outputs that belong to them. */
export const FENCE_MIGRATIONS: readonly Migration[] = [{
  version: 1,
  name: "fences",
  up(tx) {
    tx.run(`CREATE TABLE bus_fences (
      grp TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
      outputs TEXT NOT NULL, PRIMARY KEY (grp, topic, partition)
    ) WITHOUT ROWID`);
  },
}];

interface Fence {
  offset: number;
  outputs: string;
}

/**
 * Lets handlers of another bus than the log have rows: rows, a fence (topic, partition, offset) and the outputs commit
 * in SQLite first, then outputs and offset go to the bus. What is delivered again at or below the fence is not handled
 * again; its stored outputs are sent.
 */
export function rowsFirst(driver: BusDriver, store: Store): Pick<BusDriver, "open" | "lag" | "isRetryable"> {
  return {
    lag: (group, topics) => driver.lag(group, topics),
    isRetryable: (error) => driver.isRetryable(error),
    open: async (options) => {
      const inner = await driver.open(options);
      return options.group === null ? inner : new FencedRows(inner, store, options.group);
    },
  };
}

class FencedRows implements Subscription {
  constructor(
    private readonly inner: Subscription,
    private readonly store: Store,
    private readonly group: string,
  ) {}

  async receive(options: Parameters<Subscription["receive"]>[0]): Promise<RecordBatch | null> {
    for (;;) {
      const batch = await this.inner.receive(options);
      const first = batch?.records[0];
      if (!batch || !first) return batch;
      const fence = this.#fence(first);
      if (!fence || fence.offset < first.offset) return batch;
      const { topic, partition } = batch;
      await this.inner.commit({
        through: { topic, partition, offset: fence.offset },
        outputs: decode(fence.outputs),
      });
      const records = batch.records.filter(({ offset }) => offset > fence.offset);
      if (records.length > 0) return { ...batch, records };
    }
  }

  async commit(options: CommitOptions): Promise<void> {
    const { through, outputs = [], write } = options;
    if (!write) return await this.inner.commit(options);
    const stored = await this.store.write((tx) => {
      const fence = readFence(tx, this.group, through);
      // An earlier attempt stored the rows, and failed to reach the bus.
      if (fence && fence.offset >= through.offset) return decode(fence.outputs);
      const all = [...outputs, ...write(tx) ?? []];
      tx.run(
        `INSERT INTO bus_fences (grp, topic, partition, offset, outputs) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET offset = excluded.offset, outputs = excluded.outputs`,
        this.group,
        through.topic,
        through.partition,
        through.offset,
        encode(all),
      );
      return all;
    });
    await this.inner.commit({ through, outputs: stored });
  }

  seek(position: Position): void {
    this.inner.seek(position);
  }

  assigned(): readonly { topic: string; partition: number }[] {
    return this.inner.assigned();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.inner[Symbol.asyncDispose]();
  }

  #fence(at: { topic: string; partition: number }): Fence | undefined {
    return this.store.read((db) => readFence(db, this.group, at));
  }
}

function readFence(
  db: Pick<Transaction, "get">,
  group: string,
  { topic, partition }: { topic: string; partition: number },
): Fence | undefined {
  return db.get<{ offset: number; outputs: string }>(
    "SELECT offset, outputs FROM bus_fences WHERE grp = ? AND topic = ? AND partition = ?",
    group,
    topic,
    partition,
  );
}

interface Stored {
  topic: string;
  partition?: number;
  key?: string | null;
  value: string | null;
  headers?: [string, string][];
  timestamp?: number;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytes = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

function encode(records: readonly OutgoingRecord[]): string {
  return JSON.stringify(records.map((record): Stored => ({
    ...record,
    key: record.key && base64(record.key),
    value: record.value && base64(record.value),
    headers: record.headers?.map(([name, value]): [string, string] => [name, base64(value)]),
  })));
}

function decode(text: string): OutgoingRecord[] {
  const stored: Stored[] = JSON.parse(text);
  return stored.map(({ key, value, headers, ...rest }) => ({
    ...rest,
    ...(key !== undefined && { key: key === null ? null : bytes(key) }),
    value: value === null ? null : bytes(value),
    ...(headers && { headers: headers.map(([name, each]) => [name, bytes(each)] as const) }),
  }));
}
