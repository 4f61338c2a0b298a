import { join } from "node:path";
import type { CommitOptions, OpenOptions, Subscription } from "../../../../lib/bus/contract.ts";
import { FENCE_MIGRATIONS, FENCE_OWNER, readFence } from "../../../../lib/bus/stream/fences.ts";
import { Stream } from "../../../../lib/bus/stream/stream.ts";
import type { StreamOptions, StreamSpec } from "../../../../lib/bus/stream/stream_options.ts";
import type { StreamHandler } from "../../../../lib/bus/handler.ts";
import { openStore } from "../../../../lib/store/open_store.ts";
import type { SqliteStore } from "../../../../lib/store/sqlite_store.ts";
import { createLogger } from "../../../../lib/telemetry/create_logger.ts";
import { createMeter } from "../../../../lib/telemetry/meter.ts";
import { MemoryBus } from "../memory_bus.ts";
import { instantClock } from "./instant_clock.ts";

/** A bus without SQL, a store beside it with a table `r (offset, v)`, and streams between them. */
export interface RowsRig {
  bus: MemoryBus;
  store: SqliteStore;
  lines: string[];
  /** A stream that copies each record to a row and to topic `out`, unless told otherwise. */
  stream(changes?: Partial<Omit<StreamOptions, "spec">> & { spec?: Partial<StreamSpec> }): Stream;
  rows(): string[];
  fence(): { offset: number; first: number | null; start: number | null } | undefined;
}

const text = (value: Uint8Array | null) => new TextDecoder().decode(value ?? undefined);

/** Copies each record to a row and to topic `out`. */
export const copying: StreamHandler = ({ records }) => ({
  outputs: records.map(({ value }) => ({ topic: "out", value })),
  write: (tx) => {
    for (const { offset, value } of records) tx.run("INSERT INTO r VALUES (?, ?)", offset, text(value));
  },
});

/** Runs `work` with a rig of its own. */
export async function withRows(work: (rig: RowsRig) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using store = await openStore({ file: join(folder, "s.sqlite") });
    await store.migrate(FENCE_OWNER, FENCE_MIGRATIONS);
    await store.migrate("t", [{
      version: 1,
      name: "r",
      up: (tx) => void tx.run("CREATE TABLE r (offset, v)"),
    }]);
    const bus = new MemoryBus();
    const lines: string[] = [];
    await work({
      bus,
      store,
      lines,
      stream: ({ spec, ...changes } = {}) =>
        new Stream({
          spec: {
            ...{ name: "t/g", group: "g", topics: ["in"], from: "earliest", lingerMs: 0, attempts: 3 },
            ...{ maxRecords: 100, maxBytes: 1_000_000, ...spec },
          },
          driver: {
            name: "kafka",
            rowStore: store,
            open: (options) => withoutSql(bus, options),
            send: (records) => bus.send(records),
            lag: (group, topics) => bus.lag(group, topics),
            isRetryable: (error) => bus.isRetryable(error),
          },
          handler: copying,
          realName: (topic) => topic,
          logicalName: (topic) => topic,
          log: createLogger({ sink: (line) => lines.push(line), level: "debug" }),
          meter: createMeter(),
          clock: instantClock(),
          random: () => 0.5,
          ...changes,
        }),
      rows: () => store.read((db) => db.all<{ v: string }>("SELECT v FROM r")).map(({ v }) => v),
      fence: () => {
        const fence = store.read((db) => readFence(db, { group: "g", topic: "in", partition: 0 }));
        return fence && { offset: fence.offset, first: fence.first, start: fence.start };
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function withoutSql(bus: MemoryBus, options: OpenOptions): Promise<Subscription> {
  const inner = await bus.open(options);
  return {
    receive: (wanted) => inner.receive(wanted),
    seek: (position) => inner.seek(position),
    position: (place) => inner.position(place),
    assigned: () => inner.assigned(),
    commit: (commit: CommitOptions) => {
      if (commit.write) throw new Error("the bus was given SQL");
      return inner.commit(commit);
    },
    [Symbol.asyncDispose]: async () => await inner[Symbol.asyncDispose](),
  };
}
